/// Weighted linear least squares: Σ w g gᵀ · step = Σ w g · miss.
struct NormalEquations {
  let order: Int
  /// Lower triangle, row by row.
  private var matrix: [Double]
  private var score: [Double]

  /// Sums over `count` values. `value` writes the gradient of value i to the pointer and returns
  /// its weight and the model's misfit, or nil to leave it out.
  init(
    order: Int, count: Int,
    _ value: (_ i: Int, _ gradient: UnsafeMutablePointer<Double>) -> (
      weight: Double, miss: Double
    )?
  ) {
    self.order = order
    var matrix = [Double](repeating: 0, count: order * (order + 1) / 2)
    var score = [Double](repeating: 0, count: order)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: order) { gradient in
      let gradient = gradient.baseAddress!
      matrix.withUnsafeMutableBufferPointer { matrix in
        score.withUnsafeMutableBufferPointer { score in
          for i in 0..<count {
            guard let (weight, miss) = value(i, gradient) else { continue }
            var place = 0
            for a in 0..<order {
              let part = weight * gradient[a]
              score[a] += part * miss
              for b in 0...a {
                matrix[place] += part * gradient[b]
                place += 1
              }
            }
          }
        }
      }
    }
    self.matrix = matrix
    self.score = score
  }

  /// By how much a step lowers the weighted sum of squares.
  func gain(of step: [Double]) -> Double { zip(step, score).reduce(0) { $0 + $1.0 * $1.1 } }

  /// nil if the matrix is singular.
  ///
  /// - Parameter damping: is added to the diagonal (Levenberg–Marquardt).
  func step(damping: Double = 0) -> [Double]? {
    var full = SymmetricMatrix(order: order)
    var place = 0
    for a in 0..<order {
      for b in 0...a {
        full[a, b] = matrix[place] * (a == b ? 1 + damping : 1)
        place += 1
      }
    }
    guard let inverse = full.inverse else { return nil }
    return (0..<order).map { a in (0..<order).reduce(0) { $0 + inverse[a, $1] * score[$1] } }
  }
}
