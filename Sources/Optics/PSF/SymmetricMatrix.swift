/// A small symmetric positive-definite matrix in Double, row-major, with its inverse by Cholesky.
package struct SymmetricMatrix: Hashable, Sendable {
  package let order: Int
  package private(set) var elements: [Double]

  package init(order: Int) {
    self.order = order
    elements = Array(repeating: 0, count: order * order)
  }

  package subscript(row: Int, column: Int) -> Double {
    get { elements[row * order + column] }
    set {
      elements[row * order + column] = newValue
      elements[column * order + row] = newValue
    }
  }

  /// Adds `weight · v vᵀ`.
  package mutating func addOuterProduct(of v: [Double], weight: Double) {
    for row in 0..<order {
      for column in 0..<order {
        elements[row * order + column] += weight * v[row] * v[column]
      }
    }
  }

  /// The inverse; nil if the matrix is not positive definite to working precision.
  ///
  /// It is factorised after scaling the diagonal to one, so that photons and pixels do not differ
  /// in scale.
  package var inverse: SymmetricMatrix? {
    guard (0..<order).allSatisfy({ self[$0, $0] > 0 && self[$0, $0].isFinite }) else { return nil }
    let scale = (0..<order).map { 1 / self[$0, $0].squareRoot() }
    var factor = Array(repeating: 0.0, count: order * order)
    for row in 0..<order {
      for column in 0...row {
        var sum = self[row, column] * scale[row] * scale[column]
        for k in 0..<column { sum -= factor[row * order + k] * factor[column * order + k] }
        if row == column {
          guard sum > 1e-14 else { return nil }
          factor[row * order + row] = sum.squareRoot()
        } else {
          factor[row * order + column] = sum / factor[column * order + column]
        }
      }
    }
    var result = SymmetricMatrix(order: order)
    for unit in 0..<order {
      var x = (0..<order).map { $0 == unit ? 1.0 : 0.0 }
      for row in 0..<order {
        for k in 0..<row { x[row] -= factor[row * order + k] * x[k] }
        x[row] /= factor[row * order + row]
      }
      for row in (0..<order).reversed() {
        for k in row + 1..<order { x[row] -= factor[k * order + row] * x[k] }
        x[row] /= factor[row * order + row]
      }
      for row in 0...unit { result[row, unit] = x[row] * scale[row] * scale[unit] }
    }
    return result
  }
}
