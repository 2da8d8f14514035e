import Foundation
import Microscopy

extension WidthCurve {
  /// Fits the defocus curve σ₀ √(1 + X² + A X³ + B X⁴) to widths measured at heights. The fit is
  /// robust: values more than three spreads away have less weight (Huber).
  ///
  /// nil for fewer than eight values, or if no curve fits.
  static func fitting(heights: [Double], widths: [Double]) -> WidthCurve? {
    guard heights.count >= 8, let low = heights.min(), let high = heights.max(), high > low
    else { return nil }
    let span = high - low
    let narrow = Statistics.quantile(widths, 0.05)
    var best: (cost: Double, theta: [Double])?
    // The waist may be anywhere in the stack.
    for part in [0.2, 0.35, 0.5, 0.65, 0.8] {
      let start = [narrow, low + part * span, span / 3, 0, 0]
      let found = minimised(start, heights, widths, span: span)
      if found.cost.isFinite, found.cost < best?.cost ?? .infinity { best = found }
    }
    guard let theta = best?.theta else { return nil }
    return .defocus(
      width: theta[0], focus: theta[1], depth: abs(theta[2]),
      terms: [theta[2] < 0 ? -theta[3] : theta[3], theta[4]])
  }

  /// Value and gradient with respect to width, focus, depth, A, B.
  private static func model(_ t: [Double], _ z: Double) -> (Double, [Double])? {
    let x = (z - t[1]) / t[2]
    let inner = 1 + x * x * (1 + x * (t[3] + x * t[4]))
    guard inner > 0.01 else { return nil }
    let root = inner.squareRoot()
    let slope = x * (2 + x * (3 * t[3] + 4 * x * t[4]))
    let half = t[0] / (2 * root)
    return (
      t[0] * root,
      [
        root, -half * slope / t[2], -half * slope * x / t[2], half * x * x * x,
        half * x * x * x * x,
      ]
    )
  }

  /// Levenberg–Marquardt with Huber's weights.
  private static func minimised(
    _ start: [Double], _ heights: [Double], _ widths: [Double], span: Double
  ) -> (cost: Double, theta: [Double]) {
    func misses(_ t: [Double]) -> [Double]? {
      var result: [Double] = []
      for (z, width) in zip(heights, widths) {
        guard let (value, _) = model(t, z) else { return nil }
        result.append(width - value)
      }
      return result
    }
    func cost(_ misses: [Double], _ scale: Double) -> Double {
      misses.reduce(0) {
        let e = abs($1) / scale
        return $0 + (e < 3 ? e * e / 2 : 3 * e - 4.5)
      }
    }
    var theta = start
    var damping = 1e-2
    guard var current = misses(theta) else { return (.infinity, theta) }
    var scale = max(1.4826 * Statistics.median(current.map(abs)), 1e-4)
    for _ in 0..<200 {
      let equations = NormalEquations(order: 5, count: heights.count) { i, gradient in
        guard let (_, slopes) = model(theta, heights[i]) else { return nil }
        for a in 0..<5 { gradient[a] = slopes[a] }
        let e = abs(current[i]) / scale
        return (e < 3 ? 1 : 3 / e, current[i])
      }
      guard let step = equations.step(damping: damping) else { break }
      let tried = zip(theta, step).map { $0 + $1 }
      let before = cost(current, scale)
      let rests: Bool
      if tried[0] > 0, abs(tried[2]) > span / 100, abs(tried[2]) < 20 * span,
        let found = misses(tried), cost(found, scale) < before
      {
        rests = before - cost(found, scale) < 1e-6 * before
        (theta, current) = (tried, found)
        damping = max(damping / 5, 1e-9)
      } else {
        damping *= 4
        rests = damping > 1e9
      }
      guard rests else { continue }
      // Converged for this spread; outliers get less weight with the next one.
      let next = max(1.4826 * Statistics.median(current.map(abs)), 1e-4)
      if next > 0.98 * scale { break }
      scale = next
      damping = 1e-2
    }
    return (cost(current, max(narrowest(widths), 1e-3)), theta)
  }

  /// A common scale, so that the costs of several starts can be compared.
  private static func narrowest(_ widths: [Double]) -> Double {
    0.02 * Statistics.quantile(widths, 0.05)
  }
}
