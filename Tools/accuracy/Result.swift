import Foundation
import Microscopy

/// The quality of the fits under one condition.
struct Result: Codable {
  var condition: Condition
  /// Fraction of the fits that converged inside the box; the rest is not counted below.
  var converged: Double
  var iterations: Double
  var x: Efficiency
  var photons: Efficiency
  var background: Efficiency
  var sigma: Efficiency?
  /// √CRLB of x, px.
  var bound: Double

  init(_ condition: Condition, _ spots: [Spot], _ fits: [FittedSpot]) {
    self.condition = condition
    let pairs = zip(spots, fits).filter { $0.1.state == .converged }
    converged = Double(pairs.count) / Double(spots.count)
    iterations = pairs.reduce(0) { $0 + Double($1.1.iterations) } / Double(pairs.count)
    x = Efficiency(of: 0, 1, in: pairs)
    photons = Efficiency(of: 2, in: pairs)
    background = Efficiency(of: 3, in: pairs)
    switch condition.sigma {
    case .fixed: sigma = nil
    case .free: sigma = Efficiency(of: 4, in: pairs)
    case .elliptical: sigma = Efficiency(of: 4, 5, in: pairs)
    }
    bound = spots.reduce(0) { $0 + $1.bound[0] } / Double(spots.count)
  }

  var holds: Bool { x.holds }
}

/// Errors of one parameter relative to its bound.
struct Efficiency: Codable {
  /// Root mean square of error / √CRLB at the truth.
  var rmse: Double
  /// Mean of error / √CRLB at the truth.
  var bias: Double
  /// 1.4826 × median absolute deviation of error / √CRLB as reported by the fit.
  var spread: Double

  /// - Parameter parameters: columns of the fits; errors of several columns are combined.
  init(of parameters: Int..., in pairs: [(Spot, FittedSpot)]) {
    let errors = parameters.flatMap { i in
      pairs.map { spot, fit in
        (error: fit.theta[i] - spot.truth[i], bound: spot.bound[i], reported: fit.errors[i])
      }
    }
    let ratios = errors.map { $0.error / $0.bound }
    let n = Double(ratios.count)
    rmse = (ratios.reduce(0) { $0 + $1 * $1 } / n).squareRoot()
    bias = ratios.reduce(0, +) / n
    let reported = errors.map { $0.error / $0.reported }
    spread = reported.robustSpread
  }

  /// Whether the criteria for a position hold.
  var holds: Bool { 0.98...1.05 ~= rmse && abs(bias) < 0.1 && 0.97...1.05 ~= spread }
}
