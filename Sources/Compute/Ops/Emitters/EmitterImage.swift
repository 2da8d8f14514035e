import Foundation

/// The image of a molecule in a multi-emitter fit, in Double.
enum EmitterImage {
  case gaussian(EmitterModel.Image)
  case spline(SplineImage)

  struct Molecule {
    var x, y, photons, z: Double
  }

  typealias Share = SplineImage.Share

  /// - Parameter grid: of a spline, in the layout of `SplineModel.grid`.
  init(_ image: EmitterModel.Image, grid: [Double]) {
    if case .spline(let model, _) = image {
      self = .spline(SplineImage(model: model, grid: grid))
    } else {
      self = .gaussian(image)
    }
  }

  /// The share of a molecule's light on each pixel, and its derivatives.
  func shares(_ molecule: Molecule, width: Int, height: Int) -> [Share] {
    switch self {
    case .gaussian(let image):
      let widths = EmitterModel(image).widths(at: molecule.z)
      let x = Self.profile(molecule.x, widths.x.sigma, width)
      return Self.profile(molecule.y, widths.y.sigma, height).flatMap { y in
        x.map { x in
          Share(
            value: x.e * y.e, byX: x.d * y.e, byY: x.e * y.d,
            byZ: x.s * widths.x.slope * y.e + x.e * y.s * widths.y.slope)
        }
      }
    case .spline(let image):
      var shares = [Share](repeating: Share(), count: width * height)
      func pixel(_ place: Double) -> Int { Int((place + 0.5).rounded(.down)) }
      let (column, row, half) = (pixel(molecule.x), pixel(molecule.y), image.box / 2)
      let box = image.shares(
        x: molecule.x - Double(column), y: molecule.y - Double(row), z: molecule.z)
      // A spline may ring below zero, light does not.
      for (k, share) in box.enumerated() where share.value > 0 {
        let (x, y) = (column - half + k % image.box, row - half + k / image.box)
        if 0..<width ~= x, 0..<height ~= y { shares[y * width + x] = share }
      }
      return shares
    }
  }

  /// The share of light on each pixel of an axis, and its derivatives by position and width.
  private static func profile(_ at: Double, _ sigma: Double, _ length: Int) -> [(
    e: Double, d: Double, s: Double
  )] {
    (0..<length).map { i in
      let (low, high) = ((Double(i) - 0.5 - at) / sigma, (Double(i) + 0.5 - at) / sigma)
      func density(_ z: Double) -> Double { exp(-z * z / 2) / (2 * .pi).squareRoot() / sigma }
      return (
        (erf(high / 2.0.squareRoot()) - erf(low / 2.0.squareRoot())) / 2,
        density(low) - density(high), low * density(low) - high * density(high)
      )
    }
  }
}
