import Foundation

extension Astigmatism {
  /// The widths of a spline: at each height those of the Gaussian whose profiles along x and y have
  /// the same Σm², in units of (Σm)².
  ///
  /// They follow the core of an image, not its faint wings, and say how far an image reaches that has
  /// several peaks. They are polynomials of z.
  init(widthsOf spline: SplineImage) {
    let (low, high) = (Double(spline.model.lowestZ), Double(spline.model.highestZ))
    let places = (0...40).map { Double($0) / 20 - 1 }
    let widths = places.map { place in
      Self.widths(spline, at: (low + high) / 2 + place * (high - low) / 2)
    }
    func curve(_ values: [Double]) -> Curve {
      Curve(
        centre: Float((low + high) / 2), scale: Float((high - low) / 2), rooted: false,
        Self.polynomial(through: values, at: places).map { Float($0) })
    }
    self.init(
      x: curve(widths.map(\.x)), y: curve(widths.map(\.y)), lowestZ: spline.model.lowestZ,
      highestZ: spline.model.highestZ)
  }

  private static func widths(_ spline: SplineImage, at z: Double) -> (x: Double, y: Double) {
    let (box, shares) = (spline.box, spline.shares(x: 0, y: 0, z: z).map { max($0.value, 0) })
    func width(_ profile: [Double]) -> Double {
      let (sum, squares) = (profile.reduce(0, +), profile.reduce(0) { $0 + $1 * $1 })
      let width = sum * sum / (2 * Double.pi.squareRoot() * squares)
      return width.isFinite ? max(width, 0.3) : 0.3
    }
    let lines = 0..<box
    return (
      width(lines.map { x in lines.reduce(0) { $0 + shares[$1 * box + x] } }),
      width(lines.map { y in lines.reduce(0) { $0 + shares[y * box + $1] } })
    )
  }

  /// Least squares; seven coefficients, lowest power first.
  private static func polynomial(through values: [Double], at places: [Double]) -> [Double] {
    let powers = places.map { place in (0..<7).map { pow(place, Double($0)) } }
    let normal = (0..<7).map { i in
      (0..<7).map { j in powers.reduce(0) { $0 + $1[i] * $1[j] } }
    }
    let right = (0..<7).map { i in zip(powers, values).reduce(0) { $0 + $1.0[i] * $1.1 } }
    return SpotReference.inverse(normal)?.map { zip($0, right).reduce(0) { $0 + $1.0 * $1.1 } }
      ?? [values.reduce(0, +) / Double(values.count)]
  }
}
