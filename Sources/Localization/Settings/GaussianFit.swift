import Compute
import Reporting

/// How a Gaussian is fitted to a spot.
public struct GaussianFit: Hashable, Sendable {
  public var estimator = Self.estimator.standard
  /// Which widths are fitted.
  public var widths = Self.widths.standard
  public var pixels = Self.pixels.standard
  /// Width of the PSF, px: the start value of the fit, or the fixed value.
  public var sigma = Self.sigma.standard

  public init(_ widths: SpotModel.Sigmas = GaussianFit.widths.standard) { self.widths = widths }
}

extension GaussianFit: SettingGroup {
  public static let estimator = Setting(
    .estimator, in: "fit", field: "estimator", of: "a Gaussian",
    standard: SpotModel.Estimator.maximumLikelihood,
    "Poisson maximum likelihood, or unweighted least squares")
  public static let widths = Setting(
    .widths, in: "fit", of: "a Gaussian", standard: SpotModel.Sigmas.free,
    "which widths are fitted: none, one for both axes, or one per axis")
  public static let pixels = Setting(
    .pixelModel, in: "fit", of: "a Gaussian", standard: SpotModel.Pixels.integrated,
    "pixel model: the Gaussian integrated over each pixel, or sampled at its centre")
  public static let sigma = Setting(
    .psfSigma, in: "fit", title: "psf σ", of: "a Gaussian", unit: "px", standard: 1.2,
    allowed: .within(0.3...31),
    "width of the PSF: start value of the fit, or the fixed value",
    remedy: "σ ≈ 0.21 λ/NA ÷ pixel size")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.estimator, &estimator)
    try form.field(Self.widths, &widths)
    try form.field(Self.pixels, &pixels)
    try form.field(Self.sigma, &sigma)
  }
}

extension SpotModel.Sigmas: SettingChoice {}
extension SpotModel.Estimator: SettingChoice {}
extension SpotModel.Pixels: SettingChoice {}
