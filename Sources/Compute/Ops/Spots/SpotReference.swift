import Foundation

/// The definition of a fit and of its worth, in plain Double: one spot and the model fitted to it.
struct SpotReference {
  let model: SpotModel
  let counts: [Double]
  let noise: [Double]

  /// Row `row` of spots, total and optionally noise maps.
  init(_ model: SpotModel, _ inputs: [Reference], _ row: Int) {
    self.model = model
    let pixels = model.box * model.box
    counts = Array(inputs[0].values[row * pixels..<(row + 1) * pixels])
    noise =
      inputs.count == 3
      ? Array(inputs[2].values[row * pixels..<(row + 1) * pixels])
      : Array(repeating: Double(model.noise), count: pixels)
  }

  /// One axis: value, derivative by the centre, derivative by the width, at every pixel.
  private static func axis(
    _ model: SpotModel, _ centre: Double, _ sigma: Double
  ) -> [(e: Double, d: Double, s: Double)] {
    (0..<model.box).map { i in
      let u = Double(i - model.box / 2) - centre
      func density(_ z: Double) -> Double { exp(-z * z / 2) / ((2 * .pi).squareRoot() * sigma) }
      if model.pixels == .sampled {
        let z = u / sigma
        return (density(z), density(z) * z / sigma, density(z) * (z * z - 1) / sigma)
      }
      let (low, high) = ((u - 0.5) / sigma, (u + 0.5) / sigma)
      let mass = (erf(high / 2.0.squareRoot()) - erf(low / 2.0.squareRoot())) / 2
      return (mass, density(low) - density(high), low * density(low) - high * density(high))
    }
  }

  /// The model's mean at every pixel, without noise.
  static func means(_ model: SpotModel, _ theta: [Double]) -> [Double] {
    let x = axis(model, theta[0], theta[4])
    let y = axis(model, theta[1], theta[5])
    return y.flatMap { row in x.map { theta[2] * row.e * $0.e + theta[3] } }
  }

  /// Derivatives of every pixel's mean by every free parameter.
  private func jacobian(_ theta: [Double]) -> [[Double]] {
    let x = Self.axis(model, theta[0], theta[4])
    let y = Self.axis(model, theta[1], theta[5])
    return y.flatMap { row in
      x.map { column in
        let position = [theta[2] * column.d * row.e, theta[2] * column.e * row.d]
        let linear = [column.e * row.e, 1]
        let widths = [theta[2] * column.s * row.e, theta[2] * column.e * row.s]
        return switch model.sigmas {
        case .fixed: position + linear
        case .free: position + linear + [widths[0] + widths[1]]
        case .elliptical: position + linear + widths
        }
      }
    }
  }

  /// Logarithm of the likelihood up to a constant (or minus half the squares), its gradient, and the
  /// expected information.
  private func sums(_ theta: [Double]) -> (value: Double, score: [Double], information: [[Double]])
  {
    let n = model.parameters
    let rows = jacobian(theta)
    var value = 0.0
    var score = [Double](repeating: 0, count: n)
    var information = Array(repeating: score, count: n)
    for (k, mean) in Self.means(model, theta).enumerated() {
      let mu = mean + noise[k]
      let x = counts[k] + noise[k]
      let squares = model.estimator == .leastSquares
      let weight = squares ? 1 : 1 / mu
      value += squares ? -(x - mu) * (x - mu) / 2 : x * log(mu) - mu
      for i in 0..<n {
        score[i] += (x - mu) * weight * rows[k][i]
        for j in 0..<n { information[i][j] += weight * rows[k][i] * rows[k][j] }
      }
    }
    return (value, score, information)
  }

  private func bounds(_ i: Int) -> ClosedRange<Double> {
    let box = Double(model.box)
    return i < 2 ? -box / 2...box / 2 : i == 2 ? 1...1e9 : i == 3 ? 0.01...1e9 : 0.3...box
  }

  /// The optimum to machine precision by damped scoring, from a spot in the middle of the box.
  func fit() -> (theta: [Double], evaluations: Int, state: Int) {
    guard counts.allSatisfy(\.isFinite) else {
      return (Array(repeating: .nan, count: SpotModel.columns), 1, 4)
    }
    let n = model.parameters
    let level = counts.sorted()[counts.count / 4]
    let photons = counts.reduce(0) { $0 + max($1 - level, 0) }
    let widths = model.start
    var theta = [0, 0, max(photons, 10), max(level, 0.1), Double(widths.x), Double(widths.y)]
    var current = sums(theta)
    var damping = 0.01
    for evaluation in 1...300 {
      let held = (0..<n).map {
        theta[$0] <= bounds($0).lowerBound && current.score[$0] < 0
          || theta[$0] >= bounds($0).upperBound && current.score[$0] > 0
      }
      var matrix = current.information
      var side = current.score
      for i in 0..<n {
        matrix[i][i] *= 1 + damping
        guard held[i] else { continue }
        for j in 0..<n { (matrix[i][j], matrix[j][i]) = (0, 0) }
        matrix[i][i] = 1
        side[i] = 0
      }
      guard let inverse = Self.inverse(matrix) else { return (theta, evaluation, 2) }
      var next = theta
      var decrement = 0.0
      for i in 0..<n {
        let step = zip(inverse[i], side).reduce(0) { $0 + $1.0 * $1.1 }
        decrement += step * side[i]
        let reach = i < 2 ? theta[i] - 1...theta[i] + 1 : theta[i] / 2...theta[i] * 2 + 1
        let bound = bounds(i)
        next[i] = min(max(theta[i] + step, reach.lowerBound), reach.upperBound)
        next[i] = min(max(next[i], bound.lowerBound), bound.upperBound)
      }
      if n == 5 { next[5] = next[4] }
      if decrement < 1e-10 {
        let escaped = abs(next[0]) >= bounds(0).upperBound || abs(next[1]) >= bounds(0).upperBound
        return (next, evaluation, escaped ? 3 : 0)
      }
      let trial = sums(next)
      let accepted = trial.value >= current.value - 1e-12 * abs(current.value)
      damping = accepted ? damping / 10 : max(damping, 1e-4) * 10
      if accepted { (theta, current) = (next, trial) }
    }
    return (theta, 300, 1)
  }

  /// The variance of every column's estimate: Cramér–Rao, or the sandwich of least squares.
  func variances(_ theta: [Double]) -> [Double] {
    let n = model.parameters
    guard theta.allSatisfy(\.isFinite), let inverse = Self.inverse(sums(theta).information) else {
      return (0..<SpotModel.columns).map { $0 < n ? .nan : 0 }
    }
    if model.estimator == .maximumLikelihood {
      return (0..<SpotModel.columns).map { $0 < n ? inverse[$0][$0] : 0 }
    }
    let rows = jacobian(theta)
    let means = Self.means(model, theta)
    return (0..<SpotModel.columns).map { column in
      guard column < n else { return 0 }
      return means.indices.reduce(0) { sum, k in
        let influence = zip(inverse[column], rows[k]).reduce(0) { $0 + $1.0 * $1.1 }
        return sum + influence * influence * (means[k] + noise[k])
      }
    }
  }

  /// Poisson deviance, and Pearson's χ² per degree of freedom.
  func goodness(_ theta: [Double]) -> (deviance: Double, chiSquare: Double) {
    var deviance = 0.0
    var chiSquare = 0.0
    for (k, mean) in Self.means(model, theta).enumerated() {
      let mu = mean + noise[k]
      let x = counts[k] + noise[k]
      deviance += 2 * (x > 0 ? mu - x + x * log(x / mu) : mu)
      chiSquare += (x - mu) * (x - mu) / mu
    }
    return (deviance, chiSquare / Double(counts.count - model.parameters))
  }

  /// Gauss–Jordan with pivoting after scaling to unit diagonal; nil for a singular matrix.
  private static func inverse(_ matrix: [[Double]]) -> [[Double]]? {
    let n = matrix.count
    let scale = (0..<n).map { 1 / matrix[$0][$0].squareRoot() }
    guard scale.allSatisfy(\.isFinite) else { return nil }
    var rows = (0..<n).map { i in
      (0..<n).map { matrix[i][$0] * scale[i] * scale[$0] } + (0..<n).map { $0 == i ? 1.0 : 0 }
    }
    for i in 0..<n {
      guard let pivot = (i..<n).max(by: { abs(rows[$0][i]) < abs(rows[$1][i]) }),
        abs(rows[pivot][i]) > 1e-12
      else { return nil }
      rows.swapAt(i, pivot)
      let factor = 1 / rows[i][i]
      rows[i] = rows[i].map { $0 * factor }
      for other in 0..<n where other != i {
        let multiple = rows[other][i]
        for column in 0..<2 * n { rows[other][column] -= multiple * rows[i][column] }
      }
    }
    return (0..<n).map { i in (0..<n).map { rows[i][n + $0] * scale[i] * scale[$0] } }
  }
}
