import Foundation

/// How large the image of a spline PSF is, as functions of z.
package struct SplineExtent: Hashable, Sendable {
  /// The widths of its core. A molecule is told from its neighbours by them.
  let widths: Astigmatism
  /// Half the side of the square that has its light, px.
  let reach: Astigmatism.Curve

  /// The part of the light of the box that a window must have.
  private static let lightSeen = 0.99

  init(_ spline: SplineImage) {
    let (low, high) = (Double(spline.model.lowestZ), Double(spline.model.highestZ))
    let places = (0...20).map { Double($0) / 10 - 1 }
    let images = places.map { place in
      spline.shares(x: 0, y: 0, z: (low + high) / 2 + place * (high - low) / 2).map {
        max($0.value, 0)
      }
    }
    func curve(_ values: [Double]) -> Astigmatism.Curve {
      Astigmatism.Curve(
        centre: Float((low + high) / 2), scale: Float((high - low) / 2), rooted: false,
        Self.polynomial(through: values, at: places).map { Float($0) })
    }
    let cores = images.map { Self.core($0, spline.box) }
    widths = Astigmatism(
      x: curve(cores.map(\.x)), y: curve(cores.map(\.y)), lowestZ: spline.model.lowestZ,
      highestZ: spline.model.highestZ)
    reach = curve(images.map { Self.reach($0, spline.box) })
  }

  /// The largest width of the core, px.
  var widestCore: Float { Float(widths.sampled().max() ?? 1) }

  /// Half of the widest window, px.
  var widestWindow: Int {
    widths.heights(50).map { Int(reach.width(at: $0).sigma) + 1 }.max() ?? 1
  }

  /// The widths of the Gaussian that weights an image so that the product has half its variances: of a
  /// Gaussian its own, and else those of the core (Bernstein & Jarvis, Astron. J. 123, 583 (2002)).
  private static func core(_ image: [Double], _ box: Int) -> (x: Double, y: Double) {
    let half = Double(box / 2)
    var (x, y) = (1.5, 1.5)
    for _ in 0..<50 {
      func weights(_ sigma: Double) -> [Double] {
        (0..<box).map { exp(-pow((Double($0) - half) / sigma, 2) / 2) }
      }
      let (along, down) = (weights(x), weights(y))
      var (sum, squaresX, squaresY) = (0.0, 0.0, 0.0)
      for row in 0..<box {
        for column in 0..<box {
          let light = image[row * box + column] * along[column] * down[row]
          sum += light
          squaresX += light * pow(Double(column) - half, 2)
          squaresY += light * pow(Double(row) - half, 2)
        }
      }
      func width(_ squares: Double) -> Double {
        let width = (2 * squares / sum).squareRoot()
        return width.isFinite ? min(max(width, 0.5), max(half / 2, 0.5)) : 0.5
      }
      let next = (x: width(squaresX), y: width(squaresY))
      let change = max(abs(next.x - x), abs(next.y - y))
      (x, y) = next
      if change < 1e-3 { break }
    }
    return (x, y)
  }

  /// Half the side of the square around the middle that has nearly all light of an image, px.
  private static func reach(_ image: [Double], _ box: Int) -> Double {
    let half = box / 2
    let light = (0...half).map { reach in
      let lines = half - reach...half + reach
      return lines.reduce(0) { sum, row in
        sum + lines.reduce(0) { $0 + image[row * box + $1] }
      }
    }
    let wanted = lightSeen * light[half]
    guard let first = light.firstIndex(where: { $0 >= wanted }), first > 0 else { return 1 }
    return Double(first) - (light[first] - wanted) / max(light[first] - light[first - 1], 1e-30)
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
