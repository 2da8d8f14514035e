import Foundation

/// A Gaussian point spread function on square camera pixels: the readable reference in Double.
///
/// The expected image of a molecule of `N` photons at (x, y) over a background of `b` photons per
/// pixel is `N · share + b`. Positions and widths in pixels; pixel (0, 0) has its centre at (0, 0).
/// Source: Smith et al., Nat. Methods 7, 373 (2010), eq. 1, with √2 σ under the error function.
///
/// Example:
/// ```swift
/// let psf = GaussianPSF(sigma: 1.3)
/// let peak = 1000 * psf.share(column: 8, row: 5, x: 8.2, y: 5.1) + 10
/// ```
public struct GaussianPSF: Codable, Hashable, Sendable {
  /// How the Gaussian gives a pixel's value.
  public enum Sampling: String, Codable, Hashable, Sendable, CaseIterable {
    /// The integral over the pixel's area, as in a camera.
    case pixelIntegrated = "integrated"
    /// The value at the pixel's centre, as in some other programs.
    case pointSampled = "sampled"
  }

  /// Standard deviation along x and y, pixels.
  public var sigmaX: Double
  public var sigmaY: Double
  public var sampling: Sampling

  enum CodingKeys: String, CodingKey {
    case sigmaX = "sigma_x"
    case sigmaY = "sigma_y"
    case sampling
  }

  public init(sigmaX: Double, sigmaY: Double, sampling: Sampling = .pixelIntegrated) {
    self.sigmaX = sigmaX
    self.sigmaY = sigmaY
    self.sampling = sampling
  }

  public init(sigma: Double, sampling: Sampling = .pixelIntegrated) {
    self.init(sigmaX: sigma, sigmaY: sigma, sampling: sampling)
  }

  /// The expected fraction of a molecule's light on pixel (column, row).
  package func share(column: Int, row: Int, x: Double, y: Double) -> Double {
    profileX(at: column, centre: x).value * profileY(at: row, centre: y).value
  }

  /// The factor along x and its derivatives, at column `u` for a molecule at `centre`.
  package func profileX(at u: Int, centre: Double) -> AxisProfile {
    AxisProfile(offset: Double(u) - centre, sigma: sigmaX, sampling: sampling)
  }

  /// The factor along y and its derivatives, at row `v` for a molecule at `centre`.
  package func profileY(at v: Int, centre: Double) -> AxisProfile {
    AxisProfile(offset: Double(v) - centre, sigma: sigmaY, sampling: sampling)
  }
}

/// One axis of a Gaussian PSF at one pixel: E and its derivatives with respect to the centre x and
/// the width σ.
///
/// `offset` is pixel minus centre, in pixels.
package struct AxisProfile: Hashable, Sendable {
  /// E
  package let value: Double
  /// ∂E/∂x
  package let slope: Double
  /// ∂E/∂σ
  package let widening: Double
  /// ∂²E/∂x²
  package let curvature: Double
  /// ∂²E/∂σ²
  package let wideningCurvature: Double

  package init(offset: Double, sigma: Double, sampling: GaussianPSF.Sampling = .pixelIntegrated) {
    let variance = sigma * sigma
    let root = (2 * Double.pi).squareRoot() * sigma
    switch sampling {
    case .pixelIntegrated:
      let (left, right) = (offset - 0.5, offset + 0.5)
      let leftEdge = exp(-left * left / (2 * variance)) / root
      let rightEdge = exp(-right * right / (2 * variance)) / root
      let moment = left * leftEdge - right * rightEdge
      let thirdMoment = left * left * left * leftEdge - right * right * right * rightEdge
      let scale = 1 / (2.0.squareRoot() * sigma)
      value = 0.5 * (erf(right * scale) - erf(left * scale))
      slope = leftEdge - rightEdge
      widening = moment / sigma
      curvature = moment / variance
      wideningCurvature = (thirdMoment / variance - 2 * moment) / variance
    case .pointSampled:
      let squared = offset * offset / variance
      value = exp(-squared / 2) / root
      slope = value * offset / variance
      widening = value * (squared - 1) / sigma
      curvature = value * (squared - 1) / variance
      wideningCurvature = value * (squared * squared - 5 * squared + 2) / variance
    }
  }
}
