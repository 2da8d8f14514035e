import Optics

/// The error along one axis over all pairs, nm.
public struct AxisError: Codable, Hashable, Sendable {
  public let rmse: Double
  /// Mean error: a shift of the whole table.
  public let offset: Double

  /// nil for no errors.
  public init?(_ errors: [Double]) {
    guard !errors.isEmpty else { return nil }
    rmse = errors.rootMeanSquare
    offset = errors.mean
  }
}

/// How found heights follow true ones over all pairs: found = offset + scale · true, by least squares.
///
/// A scale of −1 means a z of the opposite sign, another scale a wrong refractive-index factor.
public struct AxialRelation: Codable, Hashable, Sendable {
  public let scale: Double
  /// At z = 0 of the truth, nm.
  public let offset: Double

  /// nil where the true heights do not differ.
  public init?(found: [Double], truth: [Double]) {
    guard truth.count >= 2 else { return nil }
    let (centre, level) = (truth.mean, found.mean)
    let spread = truth.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
    guard spread > 1e-9 * Double(truth.count) else { return nil }
    scale = zip(truth, found).reduce(0) { $0 + ($1.0 - centre) * ($1.1 - level) } / spread
    offset = level - scale * centre
  }
}

/// Error divided by reported standard error over all pairs: 1 where a table knows its own precision.
///
/// Where the table reports √CRLB, `rms` is RMSE/√CRLB.
public struct ErrorRatio: Codable, Hashable, Sendable {
  public let rms: Double
  /// 1.4826 times the median absolute deviation from the median: blind to a few wrong pairs.
  public let spread: Double
  /// Mean: the bias in units of the standard error.
  public let bias: Double
  /// Pairs with a usable standard error.
  public let pairs: Int

  /// nil for no ratios.
  public init?(_ ratios: [Double]) {
    guard !ratios.isEmpty else { return nil }
    rms = ratios.rootMeanSquare
    let centre = Statistics.median(ratios)
    spread = 1.4826 * Statistics.median(ratios.map { abs($0 - centre) })
    bias = ratios.mean
    pairs = ratios.count
  }
}

extension [Double] {
  fileprivate var mean: Double { reduce(0, +) / Double(count) }
  fileprivate var rootMeanSquare: Double {
    (reduce(0) { $0 + $1 * $1 } / Double(count)).squareRoot()
  }
}
