import Foundation

/// Closed formulas for the variance of a fitted position: infinite box, one width, no read noise.
///
/// All in pixels and photons; σ is the PSF without the pixel's 1/12, which is added here. Use
/// `CramerRaoBound` where the box, the camera or the sampling matter.
package struct ClosedFormPrecision: Hashable, Sendable {
  package var sigma: Double
  package var photons: Double
  /// Photons per pixel (their variance, for Poisson noise).
  package var background: Double
  /// 2 behind an EM register, else 1.
  package var excess: Double

  package init(sigma: Double, photons: Double, background: Double, excess: Double = 1) {
    self.sigma = sigma
    self.photons = photons
    self.background = background
    self.excess = excess
  }

  private var pixelatedVariance: Double { sigma * sigma + 1 / 12 }

  /// Background under the spot relative to its photons: τ = 2π σ_a² b / N.
  package var relativeBackground: Double { 2 * .pi * pixelatedVariance * background / photons }

  /// Variance of x for least squares, px². Mortensen et al., Nat. Methods 7, 377 (2010).
  package var leastSquares: Double {
    excess * pixelatedVariance / photons * (16 / 9 + 4 * relativeBackground)
  }

  /// Variance of x for maximum likelihood, px². Mortensen et al. (2010), the integral.
  package var maximumLikelihood: Double {
    excess * pixelatedVariance / photons / (1 + logarithmicIntegral)
  }

  /// Variance of x for maximum likelihood, px². Rieger & Stallinga, ChemPhysChem 15, 664 (2014).
  package var maximumLikelihoodApproximation: Double {
    let tau = relativeBackground
    return excess * pixelatedVariance / photons
      * (1 + 4 * tau + (2 * tau / (1 + 4 * tau)).squareRoot())
  }

  /// Variance of σ for maximum likelihood, px². Rieger & Stallinga (2014) state it for the width
  /// σ_a; for σ itself it is divided by (dσ_a/dσ)² = (σ/σ_a)².
  package var sigmaMaximumLikelihood: Double {
    let tau = relativeBackground
    let widthFactor = pixelatedVariance / (sigma * sigma)
    return excess * widthFactor * pixelatedVariance / (4 * photons)
      * (1 + 8 * tau + (8 * tau / (1 + 2 * tau)).squareRoot())
  }

  /// ∫₀¹ ln t / (1 + t/τ) dt, with t = e^(-s) and Simpson's rule on s in 0…60.
  private var logarithmicIntegral: Double {
    let tau = relativeBackground
    guard tau > 0 else { return 0 }
    func integrand(_ s: Double) -> Double { -s * exp(-s) / (1 + exp(-s) / tau) }
    let steps = 6000
    let width = 60.0 / Double(steps)
    let inner = (1..<steps).reduce(0.0) {
      $0 + ($1.isMultiple(of: 2) ? 2 : 4) * integrand(Double($1) * width)
    }
    return (integrand(0) + inner + integrand(60)) * width / 3
  }
}
