import Compute
import Microscopy
import Reporting

/// How a spot is fitted.
public struct FitSettings: Hashable, Sendable {
  public var spot = Spot.gaussian(GaussianFit())
  /// Side of the square fit box, px, odd.
  public var box = Self.box.standard
  public var maxIterations = Self.maxIterations.standard
  /// A fit has converged when its next step is below this fraction of the standard error. That step
  /// is still taken, so the remaining error is an order of magnitude smaller.
  public var tolerance = Self.tolerance.standard

  /// The model that is fitted.
  public enum Spot: Hashable, Sendable {
    /// A 2D Gaussian.
    case gaussian(GaussianFit)
    /// A calibrated PSF, with z as a parameter, by maximum likelihood of integrated pixels.
    case psf(PSFFile)
    /// A Gaussian with one width per axis, from which z is computed afterwards with an astigmatic
    /// PSF, as in some other programs.
    case widths(GaussianFit, PSFFile)
  }

  /// The source of z, with a PSF that depends on z.
  public enum Axial: String, SettingChoice {
    /// z is a fit parameter.
    case fitted
    /// z is computed afterwards from the widths of an elliptical Gaussian.
    case widths
  }

  public init() {}

  /// The PSF that gives z; nil for 2D fits.
  public var psf: PSFFile? {
    switch spot {
    case .gaussian: nil
    case .psf(let file), .widths(_, let file): file
    }
  }

  /// nil without z.
  public var axial: Axial? {
    switch spot {
    case .gaussian: nil
    case .psf: .fitted
    case .widths: .widths
    }
  }

  /// The fitted Gaussian; nil if a PSF is fitted.
  public var gaussian: GaussianFit? {
    switch spot {
    case .gaussian(let fit), .widths(let fit, _): fit
    case .psf: nil
    }
  }
}

/// A reference to a PSF file.
public struct PSFFile: Hashable, Sendable {
  public var path: String
  /// Factor from the PSF's z to the sample's z, for the refractive-index mismatch; nil for the
  /// file's value.
  public var indexFactor: Double?

  public init(_ path: String, indexFactor: Double? = nil) {
    self.path = path
    self.indexFactor = indexFactor
  }
}

extension FitSettings: SettingGroup {
  public static let emitters = Setting(
    .emitters, in: "fit", standard: Emitters.single,
    "whether a fit has one molecule in a box, or as many as the data can tell apart")
  public static let psfFile = Setting<String?>(
    .psf, field: "psf_file", standard: nil,
    "PSF calibration for fitting z: Glint, Picasso (.yaml, .hdf5), SMAPpy (.h5), SMAP (.mat)")
  public static let indexFactor = Setting<Double?>(
    .indexFactor, title: "refractive-index factor", of: "a PSF", standard: nil,
    allowed: .optional(.above(0, upTo: 10)),
    "factor from the PSF's z to the table's z; the value in the PSF file if omitted",
    remedy:
      "0.7 to 0.8 is usual for oil objectives in water; omit it to use the PSF file's value"
  )
  public static let axial = Setting(
    .axial, in: "fit", of: "a PSF", standard: Axial.fitted,
    "whether z is a fit parameter, or is computed afterwards from fitted widths")
  public static let box = Setting(
    .box, in: "fit", unit: "px", standard: 7, allowed: .odd(3...31),
    "side of the square fit box; usually 13 with a PSF that depends on z",
    remedy: "use \(.box) 7 for σ near 1.2 px, about 6σ + 1 elsewhere")
  public static let maxIterations = Setting(
    .maxIterations, in: "fit", standard: 50, allowed: .within(1...1000),
    "maximum number of fit iterations", remedy: "50 is usually enough")
  public static let tolerance = Setting(
    .tolerance, in: "fit", standard: 0.1, allowed: .between(0, 1),
    "a fit has converged when its step is below this fraction of the standard error",
    remedy: "0.1 leaves an error of a few percent of the standard error")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    var emitters = Emitters.single
    try form.field(Self.emitters, &emitters)
    var path = psf?.path
    try form.field(Self.psfFile, &path)
    if let path {
      try exchangeAxial(PSFFile(path, indexFactor: psf?.indexFactor), &form)
    } else {
      var fit = gaussian ?? GaussianFit()
      try fit.exchange(&form)
      spot = .gaussian(fit)
    }
    try form.field(Self.box, &box)
    try form.field(Self.maxIterations, &maxIterations)
    try form.field(Self.tolerance, &tolerance)
  }

  private mutating func exchangeAxial(
    _ file: PSFFile, _ form: inout SettingsForm
  ) throws(SettingsError) {
    var file = file
    try form.field(Self.indexFactor, &file.indexFactor)
    var source = axial ?? Self.axial.standard
    try form.field(Self.axial, &source)
    switch source {
    case .fitted:
      let estimator = try form.stated(GaussianFit.estimator) ?? .maximumLikelihood
      let pixels = try form.stated(GaussianFit.pixels) ?? .integrated
      guard estimator == .maximumLikelihood, pixels == .integrated else {
        throw SettingsError(
          """
          z is fitted by maximum likelihood of integrated pixels, not \(estimator.rawValue), \
          \(pixels.rawValue)
          """, hint: "omit \(.estimator) and \(.pixelModel), or use \(.axial) widths")
      }
      spot = .psf(file)
    case .widths:
      var fit = axial == .widths ? gaussian ?? GaussianFit() : GaussianFit()
      if axial != .widths { fit.widths = .elliptical }
      try fit.exchange(&form)
      spot = .widths(fit, file)
    }
  }

  /// Throws `SettingsError` if valid settings contradict each other.
  func validate() throws(SettingsError) {
    if let sigma = gaussian?.sigma, sigma > Double(box) {
      throw SettingsError(
        "psf σ \(sigma) px must be in 0.3...\(box)", hint: GaussianFit.sigma.facts.remedy)
    }
  }
}
