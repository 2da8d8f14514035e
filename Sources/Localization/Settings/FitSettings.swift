/// How a spot is fitted.
public struct FitSettings: Codable, Hashable, Sendable {
  public enum Estimator: String, Codable, CaseIterable, Sendable {
    /// Poisson maximum likelihood.
    case mle
    /// Unweighted least squares.
    case lsq
  }

  /// Which widths of the Gaussian are fitted.
  public enum Sigma: String, Codable, CaseIterable, Sendable {
    case fixed
    /// One width for both axes.
    case free
    /// One for each axis.
    case elliptical
  }

  public enum Model: String, Codable, CaseIterable, Sendable {
    /// The Gaussian integrated over each pixel.
    case integrated
    /// Its value at the pixel's centre, for comparison with software that does that.
    case sampled
  }

  /// Where z comes from, with a PSF that depends on it.
  public enum Axial: String, Codable, CaseIterable, Sendable {
    /// z is a parameter of the fit.
    case fitted
    /// After the fact from the widths of an elliptical Gaussian, as some other programs do.
    case widths
  }

  public var estimator: Estimator = .mle
  public var sigma: Sigma = .free
  public var model: Model = .integrated
  /// Width of the PSF, px: the start of the fit, or its value where `sigma` is fixed.
  public var psfSigma: Double = 1.2
  /// Without a calibrated PSF it has no meaning.
  public var axial: Axial = .fitted
  /// Side of the square that is fitted, px, odd.
  public var box: Int = 7
  public var maxIterations: Int = 50
  /// A fit has converged when its next step is shorter than this share of the standard error; that
  /// step is still taken, so the distance left is an order less.
  public var tolerance: Double = 0.1

  public init() {}

  enum CodingKeys: String, CodingKey {
    case estimator, sigma, model
    case psfSigma = "psf_sigma"
    case axial, box
    case maxIterations = "max_iterations"
    case tolerance
  }
}
