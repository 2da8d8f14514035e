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

  /// A parameter's variance: the sum of two floats is a Double.
  func variance(_ row: Int, _ parameter: Int) -> Double {
    let place = (row * Self.parameters + parameter) * 2
    return Double(bound[place]) + Double(bound[place + 1])
  }

  func value(_ row: Int, _ parameter: Int) -> Double {
    Double(theta[row * Self.parameters + parameter])
  }
}

extension LocalizationPipeline {
  /// The columns of a row, in the order in which files show them.
  public var quantities: [Quantity] {
    let widths: [Quantity] = settings.fit.sigma == .fixed ? [] : [.sigmaXError, .sigmaYError]
    return [
      .x, .y, .photons, .background, .sigmaX, .sigmaY, .xError, .yError, .photonsError,
      .backgroundError,
    ] + widths + [.logLikelihoodRatio, .reducedChiSquare, .iterations, .state, .score]
  }

  /// A table with every column and no row.
  public var emptyTable: Localizations {
    var table = Localizations()
    for quantity in quantities { table[quantity] = [] }
    return table
  }

  /// The number of spots that the detector found; waits for the device.
  public func total(_ executable: any Executable) throws -> Int {
    var total: Int32 = 0
    try withUnsafeMutableBytes(of: &total) { try executable.read("total", into: $0) }
    return Int(total)
  }

  /// Fetches a finished batch's rows from the device.
  public func receive(_ executable: any Executable, total: Int) throws {
    try received.read(executable, total: total)
  }

  /// Appends the received rows to `table`: photons, pixels, standard errors.
  ///
  /// - Parameters:
  ///   - first: frame of the movie that the batch starts with.
  ///   - dropped: counts spots that are no rows, by reason.
  /// - Returns: how many of the rows have a saturated pixel.
  public func collect(
    first: Int, into table: inout Localizations, dropped: inout [String: Int]
  ) -> Int {
    let rows = received
    var kept: [Int] = []
    kept.reserveCapacity(rows.count)
    var saturated = 0
    for row in 0..<rows.count {
      let state = FitState(rawValue: Int(rows.state[row])) ?? .invalid
      guard state == .converged || state == .exhausted else {
        dropped["\(state)", default: 0] += 1
        continue
      }
      guard rows.variance(row, 0).isFinite, rows.variance(row, 1).isFinite else {
        dropped["\(FitState.singular)", default: 0] += 1
        continue
      }
      // A filter that met an infinite pixel says nothing about the spots around it.
      guard rows.score[row].isFinite else {
        dropped["\(FitState.invalid)", default: 0] += 1
        continue
      }
      saturated += Int(rows.flags[row] & 1)
      kept.append(row)
    }
    table.frame.append(contentsOf: kept.lazy.map { first + Int(rows.peaks[3 * $0]) })
    func fill(_ quantity: Quantity, _ value: (Int) -> Double) {
      table[quantity]?.append(contentsOf: kept.lazy.map(value))
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
    fill(.score) { Double(rows.score[$0]) }
    return saturated
  }
}
