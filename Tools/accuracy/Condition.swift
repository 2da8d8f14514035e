import Compute
import Foundation
import Microscopy
import Optics

/// One point of the sweep: a kind of spot, and how it is fitted.
struct Condition: Codable, Hashable, Sendable {
  /// px
  var psfSigma: Double
  var photons: Double
  /// Photons per pixel.
  var background: Double
  /// Side of the fitted square, px.
  var box: Int
  var sigma: SpotModel.Sigmas
  /// e⁻ rms
  var readNoise: Double

  private var psf: GaussianPSF { GaussianPSF(sigma: psfSigma) }

  /// `count` spots of photoelectrons with their true parameters.
  ///
  /// Molecules are anywhere in the central pixel, at one of 64 positions, so that the bound is not
  /// computed for each spot.
  func draw(_ count: Int, seed: UInt64) -> [Spot] {
    var random = RandomStream(seed: seed)
    let places = (0..<64).map { _ in
      Place(self, x: random.uniform() - 0.5, y: random.uniform() - 0.5)
    }
    return (0..<count).map { i in
      let place = places[i % places.count]
      let pixels = place.expected.map { mean in
        Float(Double(random.poisson(mean)) + readNoise * random.normal())
      }
      return Spot(pixels: pixels, truth: place.truth, bound: place.bound)
    }
  }

  /// A position, its expected image, and the bounds of a fit there.
  private struct Place {
    let truth: [Double]
    let expected: [Double]
    let bound: [Double]

    init(_ condition: Condition, x: Double, y: Double) {
      let (box, psf) = (condition.box, condition.psf)
      let centre = Double(box / 2)
      truth = [x, y, condition.photons, condition.background, psf.sigmaX, psf.sigmaY]
      expected = (0..<box * box).map { i in
        condition.background + condition.photons
          * psf.share(column: i % box, row: i / box, x: centre + x, y: centre + y)
      }
      let bound = CramerRaoBound(
        psf: psf, x: centre + x, y: centre + y, photons: condition.photons,
        background: condition.background, box: box, sigma: condition.sigma,
        noise: PixelNoise(readVariance: [condition.readNoise * condition.readNoise]))
      self.bound = spotParameters.map { bound?[$0] ?? .nan }
    }
  }
}

/// The order of the parameters in a fit; positions are relative to the box's centre.
let spotParameters: [Quantity] = [.x, .y, .photons, .background, .sigmaX, .sigmaY]

/// A simulated box of pixels, photoelectrons.
struct Spot {
  var pixels: [Float]
  var truth: [Double]
  /// Standard errors at the truth.
  var bound: [Double]
}
