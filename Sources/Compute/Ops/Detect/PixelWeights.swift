/// The weights of the pixels around a place in a detector's score, in rows of a square.
package struct PixelWeights: Hashable, Sendable {
  package let values: [Double]
  package let side: Int

  package init(_ values: [Double], side: Int) {
    self.values = values
    self.side = side
  }

  /// The standard deviation of the score, in that of a pixel.
  package var deviation: Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// How fast the correlation of neighbouring scores falls with their distance, 1/px²: the negative
  /// of its second derivative, from places one pixel apart.
  package var roughness: Double {
    func correlation(_ dx: Int, _ dy: Int) -> Double {
      var sum = 0.0
      for y in 0..<side - dy {
        for x in 0..<side - dx { sum += values[y * side + x] * values[(y + dy) * side + x + dx] }
      }
      return sum / (deviation * deviation)
    }
    return 2 * ((1 - correlation(1, 0)) * (1 - correlation(0, 1))).squareRoot()
  }
}

extension FilterDifference {
  var weights: PixelWeights {
    let radius = wide.radius
    func tap(_ filter: SymmetricFilter, _ k: Int) -> Double {
      abs(k) <= filter.radius ? Double(filter.taps[abs(k)]) : 0
    }
    let values = (-radius...radius).flatMap { y in
      (-radius...radius).map { x in
        tap(narrow, x) * tap(narrow, y) - tap(wide, x) * tap(wide, y)
      }
    }
    return PixelWeights(values, side: 2 * radius + 1)
  }
}

extension NetGradient {
  package var weights: PixelWeights {
    let (side, reach) = (box + 2, box / 2)
    var values = [Double](repeating: 0, count: side * side)
    func add(_ y: Int, _ x: Int, _ value: Double) {
      values[(y + reach + 1) * side + x + reach + 1] += value
    }
    for v in -reach...reach {
      for u in -reach...reach where v != 0 || u != 0 {
        let length = Double(v * v + u * u).squareRoot()
        add(v + 1, u, -Double(v) / length)
        add(v - 1, u, Double(v) / length)
        add(v, u + 1, -Double(u) / length)
        add(v, u - 1, Double(u) / length)
      }
    }
    return PixelWeights(values, side: side)
  }
}
