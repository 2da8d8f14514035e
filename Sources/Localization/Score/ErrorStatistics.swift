import Optics

/// The error along one axis over all pairs, nm.
public struct AxisError: Codable, Hashable, Sendable {
  public let rmse: Double
  /// Mean error, which is a shift of the whole table.
  public let offset: Double

  /// nil for no errors.
  public init?(_ errors: [Double]) {
    guard !errors.isEmpty else { return nil }
    rmse = errors.rootMeanSquare
    offset = errors.mean
  }
}

/// Relation between found and true z over all pairs: found = offset + scale · true, by least
/// squares.
///
/// A scale of −1 means the opposite sign of z; other scales mean a wrong refractive-index factor.
public struct AxialRelation: Codable, Hashable, Sendable {
  public let scale: Double
  /// At z = 0 of the truth, nm.
  public let offset: Double

  /// nil if the true z values do not differ.
  public init?(found: [Double], truth: [Double]) {
    guard truth.count >= 2 else { return nil }
    let (centre, level) = (truth.mean, found.mean)
    let spread = truth.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
    guard spread > 1e-9 * Double(truth.count) else { return nil }
    scale = zip(truth, found).reduce(0) { $0 + ($1.0 - centre) * ($1.1 - level) } / spread
    offset = level - scale * centre
  }
}

/// Error divided by a standard error, over all pairs. Values near 1 mean that the standard error is
/// right.
///
/// The standard error is the one that the table reports, or √CRLB at the truth; with √CRLB, `rms`
/// is RMSE/√CRLB.
public struct ErrorRatio: Codable, Hashable, Sendable {
  public let rms: Double
  /// 1.4826 times the median absolute deviation from the median, which is robust to a few wrong
  /// pairs.
  public let spread: Double
  /// Mean ratio: the bias in units of the standard error.
  public let bias: Double
  /// The number of pairs with a valid standard error.
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
