import Compute
import Microscopy
import Optics

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
  private var duplicates: [Bool] = []

  /// Whether parameter 4 is z.
  var axial = false
  /// Distance, px, within which two fits of a frame are one molecule's; 0 where each stands for itself.
  var resolution = 0.0

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
    if resolution > 0 { dropDuplicates(&tally) }
  }

  /// Drops each row that lies within the resolution of a likelier one in the same frame; of equals the
  /// first stays. Deviances compare, because all boxes have as many pixels.
  private mutating func dropDuplicates(_ tally: inout SpotTally) {
    duplicates.removeAll(keepingCapacity: true)
    duplicates.append(contentsOf: repeatElement(false, count: kept.count))
    func place(_ row: Int, _ axis: Int) -> Double {
      Double(peaks[3 * row + 2 - axis]) + value(row, axis)
    }
    // Rows come by frame and then by the line of their peaks, which fits leave by at most a box.
    for (i, row) in kept.enumerated() {
      for j in i + 1..<max(kept.count, i + 1) {
        let other = kept[j]
        guard peaks[3 * other] == peaks[3 * row],
          Double(peaks[3 * other + 1] - peaks[3 * row + 1]) <= 2 * Self.widest + resolution
        else { break }
        let (dx, dy) = (place(other, 0) - place(row, 0), place(other, 1) - place(row, 1))
        guard dx * dx + dy * dy <= resolution * resolution else { continue }
        duplicates[deviance[other] < deviance[row] ? i : j] = true
      }
    }
    var place = 0
    for i in kept.indices where !duplicates[i] {
      kept[place] = kept[i]
      place += 1
    }
    if place < kept.count { tally.dropped["duplicates", default: 0] += kept.count - place }
    kept.removeLast(kept.count - place)
  }

  /// Half of the widest box, px: no fit is further from its peak.
  private static let widest = 15.5

  /// Why a spot is no row, nil where it is one.
  private func problem(_ row: Int) -> FitState? {
    let state = FitState(rawValue: Int(state[row])) ?? .invalid
    guard state == .converged || state == .exhausted else { return state }
    guard variance(row, 0).isFinite, variance(row, 1).isFinite else { return .singular }
    guard !axial || variance(row, 4).isFinite else { return .singular }
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

extension LocalizationPipeline: GraphPipeline {
  public var quantities: [Quantity] {
    [.x, .y] + axialColumns + [.photons, .background] + widthColumns + [.xError, .yError]
      + (axialColumns.isEmpty ? [] : [.zError]) + [.photonsError, .backgroundError]
      + (fitsWidths ? [.sigmaXError, .sigmaYError] : [])
      + [.logLikelihoodRatio, .reducedChiSquare, .iterations, .state, score]
  }

  private var axialColumns: [Quantity] {
    psf == nil ? [] : axialFit == nil ? [.z, Self.distance] : [.z]
  }

  private var widthColumns: [Quantity] {
    if case .spline = psf { return [] }
    return [.sigmaX, .sigmaY]
  }

  /// Whether widths are parameters of the fit.
  private var fitsWidths: Bool { axialFit == nil && settings.fit.sigma != .fixed }

  /// How far a spot's widths are from those of its height, √px; Picasso's name.
  private static let distance = Quantity("d_zcalib", .none)

  /// The detector's score; Picasso's has a name of its own.
  private var score: Quantity {
    settings.detection.detector == .gradient ? Self.netGradient : .score
  }

  private static let netGradient = Quantity("net_gradient", .none)

  public func receive(_ executable: any Executable, capacity: Int) throws -> Received {
    var total: Int32 = 0
    try withUnsafeMutableBytes(of: &total) { try executable.read("total", into: $0) }
    guard total <= capacity else { return .needs(capacity: Int(total)) }
    try received.read(executable, total: Int(total))
    return .all(Int(total))
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
    fill(.xError) { rows.variance($0, 0).squareRoot() }
    fill(.yError) { rows.variance($0, 1).squareRoot() }
    fill(.photonsError) { rows.variance($0, 2).squareRoot() * scale }
    fill(.backgroundError) { rows.variance($0, 3).squareRoot() * scale }
    if axialFit == nil {
      fill(.sigmaX) { rows.value($0, 4) }
      fill(.sigmaY) { rows.value($0, 5) }
    }
    if fitsWidths {
      fill(.sigmaXError) { rows.variance($0, 4).squareRoot() }
      fill(.sigmaYError) { rows.variance($0, 5).squareRoot() }
    }
    fillHeights(fill)
    fill(.logLikelihoodRatio) { Double(rows.deviance[$0]) }
    fill(.reducedChiSquare) { Double(rows.chiSquare[$0]) }
    fill(.iterations) { Double(rows.iterations[$0]) }
    fill(.state) { Double(rows.state[$0]) }
    fill(score) { Double(rows.score[$0]) }
  }

  /// z and what belongs to it, in the sample's nm: the calibration's times the refractive-index factor.
  private func fillHeights(_ fill: (Quantity, (Int) -> Double) -> Void) {
    guard let psf else { return }
    let rows = received
    let factor = psf.axial.indexFactor
    guard axialFit == nil else {
      fill(.z) { rows.value($0, 4) * factor }
      fill(.zError) { rows.variance($0, 4).squareRoot() * factor }
      if case .astigmatic(let psf) = psf {
        fill(.sigmaX) { psf.x.width(at: rows.value($0, 4)) }
        fill(.sigmaY) { psf.y.width(at: rows.value($0, 4)) }
      }
      return
    }
    guard case .astigmatic(let psf) = psf else { return }
    func height(_ row: Int) -> AstigmaticPSF.Height {
      psf.height(
        sigmaX: rows.value(row, 4), sigmaY: rows.value(row, 5),
        errorX: rows.variance(row, 4).squareRoot(), errorY: rows.variance(row, 5).squareRoot())
    }
    fill(.z) { height($0).z * factor }
    fill(.zError) { height($0).error * factor }
    fill(Self.distance) { height($0).distance }
  }
}
