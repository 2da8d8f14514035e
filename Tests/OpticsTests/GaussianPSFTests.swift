import Foundation
import Optics
import Testing

@Suite struct GaussianPSFTests {
  @Test(arguments: GaussianPSF.Sampling.allCases, [0.7, 1.0, 1.3, 2.5])
  func derivativesEqualDifferences(sampling: GaussianPSF.Sampling, sigma: Double) {
    let h = 1e-4
    for offset in stride(from: -4.0, through: 4.0, by: 0.37) {
      func profile(_ x: Double, _ s: Double) -> AxisProfile {
        AxisProfile(offset: offset - x, sigma: sigma + s, sampling: sampling)
      }
      let centre = profile(0, 0)
      let byPosition = (profile(h, 0).value - profile(-h, 0).value) / (2 * h)
      let byWidth = (profile(0, h).value - profile(0, -h).value) / (2 * h)
      let twicePosition = (profile(h, 0).slope - profile(-h, 0).slope) / (2 * h)
      let twiceWidth = (profile(0, h).widening - profile(0, -h).widening) / (2 * h)
      #expect(abs(centre.slope - byPosition) < 1e-6)
      #expect(abs(centre.widening - byWidth) < 1e-6)
      #expect(abs(centre.curvature - twicePosition) < 1e-6)
      #expect(abs(centre.wideningCurvature - twiceWidth) < 1e-5)
      // The heat equation: the derivative by width follows from the second derivative by position.
      #expect(abs(centre.curvature - centre.widening / sigma) < 1e-12)
    }
  }

  @Test func allLightFallsOnSomePixel() {
    let psf = GaussianPSF(sigmaX: 1.1, sigmaY: 1.7)
    var sum = 0.0
    for v in -15...15 {
      for u in -15...15 { sum += psf.share(column: u, row: v, x: 0.31, y: -0.42) }
    }
    #expect(abs(sum - 1) < 1e-12)
  }

  @Test func theFirstPixelsCentreIsZero() {
    let psf = GaussianPSF(sigma: 1)
    #expect(psf.share(column: 1, row: 0, x: 0, y: 0) == psf.share(column: -1, row: 0, x: 0, y: 0))
    #expect(psf.share(column: 0, row: 0, x: 0, y: 0) > psf.share(column: 0, row: 0, x: 0.1, y: 0))
    // A pixel of a narrow spot holds erf(1 / (2√2 σ))² of its light.
    let inside = erf(0.5 / 2.0.squareRoot())
    #expect(abs(psf.share(column: 0, row: 0, x: 0, y: 0) - inside * inside) < 1e-15)
  }

  @Test func widthsBelongToTheirAxes() {
    let psf = GaussianPSF(sigmaX: 1, sigmaY: 2)
    #expect(
      psf.share(column: 2, row: 0, x: 0, y: 0) < psf.share(column: 0, row: 2, x: 0, y: 0))
  }
}
