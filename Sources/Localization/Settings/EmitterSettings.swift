import Microscopy
import Reporting

/// How overlapping molecules are found and fitted together.
public struct EmitterSettings: Hashable, Sendable {
  public var spot = Spot.gaussian(.fixed, sigma: nil)
  public var brightness = Brightness.learned
  /// Molecules that noise makes of 10⁴ empty pixels.
  public var falsePositives = 0.01
  public var measured = MeasuredEmitters()

  /// The image of one molecule.
  public enum Spot: Hashable, Sendable {
    /// A Gaussian of this width, px; nil to measure it on the movie.
    case gaussian(Widths, sigma: Double?)
    /// A calibrated PSF, with z as a parameter.
    case psf(PSFFile)
  }

  /// Whether the width of a Gaussian is a parameter of each molecule.
  public enum Widths: String, SettingChoice {
    case fixed
    /// Two close molecules often look like a wide one, so that fewer are found.
    case free
  }

  public init() {}

  /// The width of the Gaussian, stated or measured, px.
  package var sigma: Double? {
    if case .gaussian(_, let sigma) = spot { return sigma ?? measured.sigma }
    return nil
  }

  /// The PSF that gives z; nil for a Gaussian.
  public var psf: PSFFile? {
    if case .psf(let file) = spot { return file }
    return nil
  }
}

/// How many molecules a fit may combine.
public enum Emitters: String, SettingChoice {
  /// One molecule in each box.
  case single
  /// As many as the data can tell apart.
  case multi
}

extension EmitterSettings: SettingGroup {
  public static let widths = Setting(
    .widths, in: "fit", of: "several emitters", standard: Widths.fixed,
    "whether each molecule has a width of its own; fixed tells overlapping molecules apart best")
  public static let sigma = Setting<Double?>(
    .psfSigma, in: "fit", title: "psf σ", of: "several emitters", unit: "px", standard: nil,
    allowed: .optional(.within(0.5...5)),
    "width of the PSF, right to a few percent; measured on the movie if omitted",
    remedy: "omit \(.psfSigma) to measure it on the movie")
  public static let brightness = Setting(
    .brightness, in: "fit", of: "several emitters", standard: Brightness.learned,
    allowed: Brightness.allowed,
    "brightness of a molecule in a frame: learned from the movie, free, or photons and their spread",
    remedy: "such as 3000,0.1 for 3000 photons ± 10 %")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    var emitters = Emitters.multi
    try form.field(FitSettings.emitters, &emitters)
    var path = psf?.path
    try form.field(FitSettings.psfFile, &path)
    if let path {
      var file = PSFFile(path, indexFactor: psf?.indexFactor)
      try form.field(FitSettings.indexFactor, &file.indexFactor)
      spot = .psf(file)
    } else {
      var widths = Self.widths.standard
      var sigma = Self.sigma.standard
      if case .gaussian(let own, let width) = spot { (widths, sigma) = (own, width) }
      try form.field(Self.widths, &widths)
      try form.field(Self.sigma, &sigma)
      spot = .gaussian(widths, sigma: sigma)
    }
    try form.field(Self.brightness, &brightness)
    var rate: Double? = falsePositives
    try form.field(DetectionSettings.falsePositives, &rate)
    falsePositives = rate ?? falsePositives
    try measured.exchange(&form)
  }
}
