import Compute
import Microscopy

/// Host memory for the results of one batch, reused for all batches.
struct ReceivedRows {
  var count = 0
  var peaks: [Int32] = []
  var score: [Float] = []
  var flags: [Int32] = []
  var theta: [Float] = []
  var iterations: [Int32] = []
  var state: [Int32] = []
  var bound: [Float] = []
  var deviance: [Float] = []
  var chiSquare: [Float] = []
  /// Indices of the spots that become rows.
  var kept: [Int] = []
  private var duplicates: [Bool] = []

  /// Whether parameter 4 is z.
  private let axial: Bool
  private let resolution: Double
  private let box: Int
  private let width: Double
  private let height: Double

  init(of stage: FitStage) {
    box = stage.settings.fit.box
    (width, height) = (Double(stage.width), Double(stage.height))
    axial = stage.axialFit != nil
    resolution = stage.resolution
  }

  static let parameters = 6

  /// Reads the first `total` rows of every output.
  mutating func read(_ executable: any Executable, total: Int) throws {
    count = total
    func fetch<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
      _ name: String, _ values: inout [Element], _ width: Int
    ) throws {
      if values.count < total * width {
        values = Array(repeating: 0, count: total * width * 3 / 2)
      }
      try values.withUnsafeMutableBytes { bytes in
        let size = total * width * MemoryLayout<Element>.stride
        try executable.read(name, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<size]))
      }
    }
    try fetch("peaks", &peaks, 3)
    try fetch("score", &score, 1)
    try fetch("flags", &flags, 1)
    try fetch("theta", &theta, Self.parameters)
    try fetch("iterations", &iterations, 1)
    try fetch("state", &state, 1)
    try fetch("bound", &bound, Self.parameters * 2)
    try fetch("deviance", &deviance, 1)
    try fetch("chi_square", &chiSquare, 1)
  }

  /// Selects the spots that become rows; the others are counted by reason.
  mutating func choose(_ tally: inout SpotTally) {
    kept.removeAll(keepingCapacity: true)
    for row in 0..<count {
      let problem = problem(row)
      if let problem {
        tally.drop(problem.name)
      } else {
        tally.saturated += Int(flags[row] & 1)
        kept.append(row)
      }
    }
    if resolution > 0 { dropDuplicates(&tally) }
  }

  /// Drops each row that lies within the resolution of a more likely one in the same frame; among
  /// equals the first is kept. Deviances are compared for each pixel, because a frame's edge may cut a
  /// box.
  private mutating func dropDuplicates(_ tally: inout SpotTally) {
    duplicates.removeAll(keepingCapacity: true)
    duplicates.append(contentsOf: repeatElement(false, count: kept.count))
    func place(_ row: Int, _ axis: Int) -> Double {
      Double(peaks[3 * row + 2 - axis]) + value(row, axis)
    }
    // Rows are ordered by frame and then by the image row of their peaks; fits move from the peak
    // by at most a box.
    for (i, row) in kept.enumerated() {
      for j in i + 1..<max(kept.count, i + 1) {
        let other = kept[j]
        guard peaks[3 * other] == peaks[3 * row],
          Double(peaks[3 * other + 1] - peaks[3 * row + 1]) <= 2 * Self.widest + resolution
        else { break }
        let (dx, dy) = (place(other, 0) - place(row, 0), place(other, 1) - place(row, 1))
        guard dx * dx + dy * dy <= resolution * resolution else { continue }
        duplicates[misfit(other) < misfit(row) ? i : j] = true
      }
    }
    var place = 0
    for i in kept.indices where !duplicates[i] {
      kept[place] = kept[i]
      place += 1
    }
    if place < kept.count { tally.drop("duplicates", kept.count - place) }
    kept.removeLast(kept.count - place)
  }

  private func misfit(_ row: Int) -> Double {
    Double(deviance[row]) / Double(cut(row).pixels(ofBox: box))
  }

  /// The part of a row's box that is outside the frame.
  func cut(_ row: Int) -> SpotCut { SpotCut(flags: Int(flags[row])) }

  /// Half of the largest box, px: the maximum distance of a fit from its peak.
  private static let widest = 15.5

  /// Why a spot does not become a row; nil if it does.
  private func problem(_ row: Int) -> FitState? {
    let state = FitState(rawValue: Int(state[row])) ?? .invalid
    guard state == .converged || state == .exhausted else { return state }
    guard isInside(value(row, 0), peaks[3 * row + 2], width),
      isInside(value(row, 1), peaks[3 * row + 1], height)
    else { return .escaped }
    guard variance(row, 0).isFinite, variance(row, 1).isFinite else { return .singular }
    guard !axial || variance(row, 4).isFinite else { return .singular }
    // If the filter met an infinite pixel, its result for nearby spots is meaningless.
    return score[row].isFinite ? nil : .invalid
  }

  /// Whether a molecule is at most a pixel outside the frame.
  private func isInside(_ offset: Double, _ peak: Int32, _ length: Double) -> Bool {
    (-1.5...length + 0.5).contains(Double(peak) + offset)
  }

  /// The variance of a parameter, in double precision from the sum of two floats.
  func variance(_ row: Int, _ parameter: Int) -> Double {
    let place = (row * Self.parameters + parameter) * 2
    return Double(bound[place]) + Double(bound[place + 1])
  }

  func value(_ row: Int, _ parameter: Int) -> Double {
    Double(theta[row * Self.parameters + parameter])
  }
}
