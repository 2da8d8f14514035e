import Compute
import Microscopy

/// Host memory for the results of one batch, kept from batch to batch.
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
  /// Numbers of the spots that become rows.
  var kept: [Int] = []

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

  /// Chooses the spots that become rows; the others are counted by reason.
  mutating func choose(_ tally: inout SpotTally) {
    kept.removeAll(keepingCapacity: true)
    for row in 0..<count {
      let problem = problem(row)
      if let problem {
        tally.dropped[problem.name, default: 0] += 1
      } else {
        tally.saturated += Int(flags[row] & 1)
        kept.append(row)
      }
    }
  }

  /// Why a spot is no row, nil where it is one.
  private func problem(_ row: Int) -> FitState? {
    let state = FitState(rawValue: Int(state[row])) ?? .invalid
    guard state == .converged || state == .exhausted else { return state }
    guard variance(row, 0).isFinite, variance(row, 1).isFinite else { return .singular }
    // A filter that met an infinite pixel says nothing about the spots around it.
    return score[row].isFinite ? nil : .invalid
  }

  /// A parameter's variance: the sum of two floats is a Double.
  func variance(_ row: Int, _ parameter: Int) -> Double {
    let place = (row * Self.parameters + parameter) * 2
    return Double(bound[place]) + Double(bound[place + 1])
  }

  func value(_ row: Int, _ parameter: Int) -> Double {
    Double(theta[row * Self.parameters + parameter])
  }
}

extension LocalizationPipeline: FramePipeline {
  public var quantities: [Quantity] {
    let widths: [Quantity] = settings.fit.sigma == .fixed ? [] : [.sigmaXError, .sigmaYError]
    return [
      .x, .y, .photons, .background, .sigmaX, .sigmaY, .xError, .yError, .photonsError,
      .backgroundError,
    ] + widths + [.logLikelihoodRatio, .reducedChiSquare, .iterations, .state, score]
  }

  /// The detector's score; Picasso's has a name of its own.
  private var score: Quantity {
    settings.detection.detector == .gradient ? Self.netGradient : .score
  }

  private static let netGradient = Quantity("net_gradient", .none)

  public func receive(_ executable: any Executable, capacity: Int) throws -> Int {
    var total: Int32 = 0
    try withUnsafeMutableBytes(of: &total) { try executable.read("total", into: $0) }
    if total <= capacity { try received.read(executable, total: Int(total)) }
    return Int(total)
  }

  /// Appends the received rows: photons, pixels, standard errors.
  public func collect(first: Int, into table: inout Localizations, tally: inout SpotTally) {
    received.choose(&tally)
    let rows = received
    let kept = rows.kept
    table.appendFrames(kept.count) { first + Int(rows.peaks[3 * kept[$0]]) }
    func fill(_ quantity: Quantity, _ value: (Int) -> Double) {
      table.append(kept.count, to: quantity) { value(kept[$0]) }
    }
    let scale = photonsPerCount
    fill(.x) { Double(rows.peaks[3 * $0 + 2]) + rows.value($0, 0) + Double(origin.x) }
    fill(.y) { Double(rows.peaks[3 * $0 + 1]) + rows.value($0, 1) + Double(origin.y) }
    fill(.photons) { rows.value($0, 2) * scale }
    fill(.background) { rows.value($0, 3) * scale }
    fill(.sigmaX) { rows.value($0, 4) }
    fill(.sigmaY) { rows.value($0, 5) }
    fill(.xError) { rows.variance($0, 0).squareRoot() }
    fill(.yError) { rows.variance($0, 1).squareRoot() }
    fill(.photonsError) { rows.variance($0, 2).squareRoot() * scale }
    fill(.backgroundError) { rows.variance($0, 3).squareRoot() * scale }
    if settings.fit.sigma != .fixed {
      fill(.sigmaXError) { rows.variance($0, 4).squareRoot() }
      fill(.sigmaYError) { rows.variance($0, 5).squareRoot() }
    }
    fill(.logLikelihoodRatio) { Double(rows.deviance[$0]) }
    fill(.reducedChiSquare) { Double(rows.chiSquare[$0]) }
    fill(.iterations) { Double(rows.iterations[$0]) }
    fill(.state) { Double(rows.state[$0]) }
    fill(score) { Double(rows.score[$0]) }
  }
}
