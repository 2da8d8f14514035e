import Foundation
import Microscopy
import Optics
import Testing

@Suite struct CramerRaoBoundTests {
  /// The expected log-likelihood of Poisson photoelectrons, with the read variance added to both
  /// sides.
  private func expectedLogLikelihood(
    _ parameters: [Double], truth: [Double], box: Int, shift: [Double]
  ) -> Double {
    func mean(_ p: [Double], _ u: Int, _ v: Int) -> Double {
      let psf = GaussianPSF(sigmaX: p[4], sigmaY: p[5])
      return p[2] * psf.share(column: u, row: v, x: p[0], y: p[1]) + p[3] + shift[v * box + u]
    }
    var sum = 0.0
    for v in 0..<box {
      for u in 0..<box {
        let model = mean(parameters, u, v)
        sum += mean(truth, u, v) * log(model) - model
      }
    }
    return sum
  }

  @Test func informationIsTheCurvatureOfTheExpectedLogLikelihood() throws {
    let (box, truth) = (7, [3.2, 2.7, 800, 6, 1.2, 1.5])
    let shift = (0..<49).map { 0.5 + Double($0 % 5) }
    let bound = try #require(
      CramerRaoBound(
        psf: GaussianPSF(sigmaX: truth[4], sigmaY: truth[5]), x: truth[0], y: truth[1],
        photons: truth[2], background: truth[3], box: box, sigma: .elliptical,
        noise: PixelNoise(readVariance: shift)))
    let steps = [1e-3, 1e-3, 0.5, 0.01, 1e-3, 1e-3]
    for i in 0..<6 {
      for j in 0...i {
        func shifted(_ a: Double, _ b: Double) -> Double {
          var p = truth
          p[i] += a * steps[i]
          p[j] += b * steps[j]
          return expectedLogLikelihood(p, truth: truth, box: box, shift: shift)
        }
        let mixed = shifted(1, 1) - shifted(1, -1) - shifted(-1, 1) + shifted(-1, -1)
        let curvature = -mixed / (4 * steps[i] * steps[j])
        let scale = (bound.information[i, i] * bound.information[j, j]).squareRoot()
        #expect(abs(bound.information[i, j] - curvature) < 1e-3 * scale, "\(i), \(j)")
      }
    }
  }

  @Test func covarianceIsTheInverse() throws {
    let bound = try #require(
      CramerRaoBound(
        psf: GaussianPSF(sigma: 1.3), x: 3.4, y: 2.9, photons: 500, background: 20, box: 7,
        sigma: .elliptical))
    for i in 0..<6 {
      for j in 0..<6 {
        let product = (0..<6).reduce(0) { $0 + bound.information[i, $1] * bound.covariance[$1, j] }
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-8)
      }
    }
  }

  @Test func withoutBackgroundTheBoundIsTheWidthOverTheRootOfPhotons() throws {
    let bound = try #require(
      CramerRaoBound(
        psf: GaussianPSF(sigma: 4), x: 25, y: 25, photons: 1000, background: 1e-9, box: 51,
        sigma: .free))
    let closed = ClosedFormPrecision(sigma: 4, photons: 1000, background: 0)
    #expect(abs(bound[.x]! / closed.maximumLikelihood.squareRoot() - 1) < 0.0005)
    #expect(abs(bound[.photons]! - 1000.0.squareRoot()) < 0.05)
    #expect(abs(bound[.sigmaX]! / closed.sigmaMaximumLikelihood.squareRoot() - 1) < 0.0005)
    #expect(bound[.sigmaY] == nil)
  }

  @Test(arguments: [(1.0, 1000.0, 5.0), (1.3, 300, 10), (1.5, 10_000, 50), (2.0, 2000, 1)])
  func closedFormsAgreeInALargeBox(sigma: Double, photons: Double, background: Double) throws {
    let bound = try #require(
      CramerRaoBound(
        psf: GaussianPSF(sigma: sigma), x: 15, y: 15, photons: photons, background: background,
        box: 31, sigma: .free))
    let closed = ClosedFormPrecision(sigma: sigma, photons: photons, background: background)
    #expect(abs(bound[.x]! / closed.maximumLikelihood.squareRoot() - 1) < 0.03)
    let approximation = (closed.maximumLikelihoodApproximation / closed.maximumLikelihood)
      .squareRoot()
    #expect(abs(approximation - 1) < 0.03)
    #expect(closed.leastSquares > closed.maximumLikelihood)
    #expect(abs(bound[.sigmaX]! / closed.sigmaMaximumLikelihood.squareRoot() - 1) < 0.08)
  }

  @Test func anEMRegisterDoublesEveryVariance() throws {
    let camera = Camera(gain: 0.02, emGain: 300, quantumEfficiency: 1, readNoise: 0)
    func bound(_ noise: PixelNoise) -> CramerRaoBound? {
      CramerRaoBound(
        psf: GaussianPSF(sigma: 1.2), x: 3, y: 3, photons: 900, background: 4, box: 7, noise: noise)
    }
    let plain = try #require(bound(PixelNoise()))
    let multiplied = try #require(bound(PixelNoise(camera)))
    for i in 0..<4 {
      #expect(abs(multiplied.covariance[i, i] / plain.covariance[i, i] - 2) < 1e-9)
    }
  }

  @Test func readNoiseCountsAsBackgroundThatIsNotFitted() throws {
    // Variance 4 e⁻² at efficiency 1 acts on x as 4 more photons of background.
    func x(_ background: Double, _ noise: PixelNoise) throws -> Double {
      try #require(
        CramerRaoBound(
          psf: GaussianPSF(sigma: 1.2), x: 3, y: 3, photons: 900, background: background, box: 7,
          noise: noise))[.x]!
    }
    #expect(try x(5, PixelNoise(Camera(readNoise: 2))) == x(9, PixelNoise()))
    // Gain 2 ADU/e⁻ and 16 ADU² are the same 4 e⁻².
    let ones = [Float](repeating: 1, count: 49)
    let maps = CameraMaps(
      width: 7, height: 7, offset: ones, variance: ones.map { 16 * $0 }, gain: ones.map { 2 * $0 })
    #expect(try abs(x(5, PixelNoise(maps)) - x(9, PixelNoise())) < 1e-12)
  }

  @Test func halfTheEfficiencyIsHalfThePhotons() throws {
    func bound(_ photons: Double, _ background: Double, _ efficiency: Double) -> Double? {
      CramerRaoBound(
        psf: GaussianPSF(sigma: 1.2), x: 3, y: 3, photons: photons, background: background, box: 7,
        noise: PixelNoise(efficiency: efficiency))?[.x]
    }
    #expect(try abs(#require(bound(1000, 10, 0.5)) - #require(bound(500, 5, 1))) < 1e-12)
  }

  @Test func noPhotonsHaveNoBound() {
    #expect(
      CramerRaoBound(psf: GaussianPSF(sigma: 1), x: 3, y: 3, photons: 0, background: 5, box: 7)
        == nil)
  }
}
