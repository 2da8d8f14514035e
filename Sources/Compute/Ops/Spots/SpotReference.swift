import Foundation

/// The reference of a fit and its assessment, in Double: one spot and its model.
struct SpotReference {
  let model: any SpotImage
  let counts: [Double]
  let noise: [Double]
  /// The pixels inside the frame.
  private let inside: [Int]

  /// Row `row` of the tables of spots, flags and noise.
  init(
    _ model: any SpotImage, spots: Reference, flags: Reference?, noise: Reference?, _ row: Int
  ) {
    self.model = model
    let pixels = row * model.box * model.box..<(row + 1) * model.box * model.box
    counts = Array(spots.values[pixels])
    self.noise =
      noise.map { Array($0.values[pixels]) }
      ?? Array(repeating: Double(model.noise), count: counts.count)
    let cut = SpotCut(flags: flags.map { Int($0.values[row]) } ?? 0)
    inside = cut.inside(box: model.box)
  }

  /// Log-likelihood up to a constant (or minus half the sum of squares), its gradient, and the
  /// expected information.
  private func sums(_ theta: [Double]) -> (value: Double, score: [Double], information: [[Double]])
  {
    let n = model.parameters
    var value = 0.0
    var score = [Double](repeating: 0, count: n)
    var information = Array(repeating: score, count: n)
    let pixels = model.pixels(theta)
    for k in inside {
      let pixel = pixels[k]
      let mu = pixel.mean + noise[k]
      let x = counts[k] + noise[k]
      let weight = model.leastSquares ? 1 : mu > Self.leastMean ? 1 / mu : 0
      let lit = max(mu, Self.leastMean)
      value += model.leastSquares ? -(x - mu) * (x - mu) / 2 : x * log(lit) - lit
      for i in 0..<n {
        score[i] += (x - mu) * weight * pixel.gradient[i]
        for j in 0..<n { information[i][j] += weight * pixel.gradient[i] * pixel.gradient[j] }
      }
    }
    return (value, score, information)
  }

  /// A spline may ring; pixels whose mean is below this are ignored in the fit.
  private static let leastMean = 1e-3

  typealias Fit = (theta: [Double], evaluations: Int, state: Int)

  /// The optimum to machine precision by damped scoring, from a spot in the middle of the box.
  func fit() -> Fit {
    guard counts.allSatisfy(\.isFinite) else {
      return (Array(repeating: .nan, count: SpotModel.columns), 1, 4)
    }
    let n = model.parameters
    let level = counts.sorted()[counts.count / 4]
    let photons = counts.reduce(0) { $0 + max($1 - level, 0) }
    let starts = model.starts.map { [0, 0, max(photons, 10), max(level, 0.1)] + $0 }
    let likelihoods = starts.map { sums($0).value }
    var theta = starts[likelihoods.indices.max { likelihoods[$0] < likelihoods[$1] }!]
    var current = sums(theta)
    var damping = 0.01
    for evaluation in 1...300 {
      let held = (0..<n).map {
        theta[$0] <= model.bounds($0).lowerBound && current.score[$0] < 0
          || theta[$0] >= model.bounds($0).upperBound && current.score[$0] > 0
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
        let reach = reach(i, theta[i])
        let bound = model.bounds(i)
        next[i] = min(max(theta[i] + step, reach.lowerBound), reach.upperBound)
        next[i] = min(max(next[i], bound.lowerBound), bound.upperBound)
      }
      if model.sharesWidth { next[5] = next[4] }
      if decrement < 1e-10 {
        let escaped = (model.isAxial ? [0, 1, 4] : [0, 1]).contains {
          next[$0] <= model.bounds($0).lowerBound || next[$0] >= model.bounds($0).upperBound
        }
        return (next, evaluation, escaped ? 3 : 0)
      }
      let trial = sums(next)
      let accepted = trial.value >= current.value - 1e-12 * abs(current.value)
      damping = accepted ? damping / 10 : max(damping, 1e-4) * 10
      if accepted { (theta, current) = (next, trial) }
    }
    return (theta, 300, 1)
  }

  /// Where one step may take parameter i from `value`.
  private func reach(_ i: Int, _ value: Double) -> ClosedRange<Double> {
    if i < 2 { return value - 1...value + 1 }
    guard i == 4, model.isAxial else { return value / 2...value * 2 + 1 }
    let range = model.bounds(4)
    let step = (range.upperBound - range.lowerBound) / 5
    return value - step...value + step
  }

  /// The variance of every column's estimate: Cramér–Rao, or the sandwich of least squares.
  func variances(_ theta: [Double]) -> [Double] {
    let n = model.parameters
    guard theta.allSatisfy(\.isFinite), let inverse = Self.inverse(sums(theta).information) else {
      return (0..<SpotModel.columns).map { $0 < n ? .nan : 0 }
    }
    if !model.leastSquares {
      return (0..<SpotModel.columns).map { $0 < n ? inverse[$0][$0] : 0 }
    }
    let pixels = model.pixels(theta)
    return (0..<SpotModel.columns).map { column in
      guard column < n else { return 0 }
      return inside.reduce(0) { sum, k in
        let influence = zip(inverse[column], pixels[k].gradient).reduce(0) { $0 + $1.0 * $1.1 }
        return sum + influence * influence * (pixels[k].mean + noise[k])
      }
    }
  }

  /// Poisson deviance, and Pearson's χ² per degree of freedom.
  func goodness(_ theta: [Double]) -> (deviance: Double, chiSquare: Double) {
    var deviance = 0.0
    var chiSquare = 0.0
    let pixels = model.pixels(theta)
    for k in inside {
      let mu = max(pixels[k].mean + noise[k], Self.leastMean)
      let x = counts[k] + noise[k]
      deviance += 2 * (x > 0 ? mu - x + x * log(x / mu) : mu)
      chiSquare += (x - mu) * (x - mu) / mu
    }
    return (deviance, chiSquare / Double(max(inside.count - model.parameters, 0)))
  }

  /// Gauss–Jordan with pivoting after scaling to unit diagonal; nil for a singular matrix.
  static func inverse(_ matrix: [[Double]]) -> [[Double]]? {
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

// The references of the ops, for any image.
extension SpotReference {
  /// Parameters, evaluations and states of the first `total` spots; the others have the state −1.
  static func fits(
    _ image: any SpotImage, spots: Reference, total: Reference, flags: Reference?,
    noise: Reference?
  ) -> [Reference] {
    let (capacity, columns) = (spots.type.shape[0], SpotModel.columns)
    var theta = [Double](repeating: .nan, count: capacity * columns)
    var evaluations = [Double](repeating: 0, count: capacity)
    var states = [Double](repeating: -1, count: capacity)
    for row in 0..<min(Int(total.values[0]), capacity) {
      let fit = SpotReference(image, spots: spots, flags: flags, noise: noise, row).fit()
      theta.replaceSubrange(row * columns..<(row + 1) * columns, with: fit.theta)
      evaluations[row] = Double(fit.evaluations)
      states[row] = Double(fit.state)
    }
    return zip(SpotModel.fits(capacity), [theta, evaluations, states]).map { Reference($0, $1) }
  }

  /// Which elements of `fits` are defined.
  static func fitted(_ outputs: [Reference]) -> [[Bool]?] {
    let rows = outputs[2].values.map { $0 >= 0 }
    return [rows.flatMap { Array(repeating: $0, count: SpotModel.columns) }, rows, rows]
  }

  /// Variances as sums of two floats, deviances and reduced χ²; the deviance is −1 past the total.
  static func worths(
    _ image: any SpotImage, spots: Reference, theta: Reference, total: Reference,
    flags: Reference?, noise: Reference?
  ) -> [Reference] {
    let (capacity, columns) = (spots.type.shape[0], SpotModel.columns)
    var variances = [Double](repeating: .nan, count: capacity * columns * 2)
    var deviances = [Double](repeating: -1, count: capacity)
    var chiSquares = [Double](repeating: -1, count: capacity)
    for row in 0..<min(Int(total.values[0]), capacity) {
      let point = Array(theta.values[row * columns..<(row + 1) * columns])
      let spot = SpotReference(image, spots: spots, flags: flags, noise: noise, row)
      for (column, variance) in spot.variances(point).enumerated() {
        let high = Double(Float(variance))
        variances[(row * columns + column) * 2] = high
        variances[(row * columns + column) * 2 + 1] = high.isNaN ? 0 : variance - high
      }
      (deviances[row], chiSquares[row]) = spot.goodness(point)
    }
    return zip(SpotModel.worths(capacity), [variances, deviances, chiSquares]).map {
      Reference($0, $1)
    }
  }

  /// Which elements of `worths` are defined.
  static func assessed(_ outputs: [Reference]) -> [[Bool]?] {
    let rows = outputs[1].values.map { $0 != -1 }
    return [rows.flatMap { Array(repeating: $0, count: 2 * SpotModel.columns) }, rows, rows]
  }
}
