import Microscopy
import Optics
import Reporting

/// The detection filter, with its own settings only.
public enum Detector: Hashable, Sendable {
  /// Undecimated B-spline wavelet, order 3, scale 2 (ThunderSTORM's default).
  case wavelet(threshold: Double)
  /// Difference of two Gaussians with a cut-off from the maxima of each frame (SMAP).
  case dog(threshold: Double, sigma: Double, radius: Int)
  /// Picasso's net gradient on the raw frame; maxima are half a box apart.
  case gradient(threshold: Double)
  /// Matched filter with images of the fitted PSF at several values of z.
  case psf(threshold: Double, radius: Int)

  /// A detector without its settings.
  public enum Kind: String, SettingChoice {
    case dog, gradient, wavelet, psf

    /// The detectors that do not need a PSF.
    package static let withoutPSF = allCases.filter { $0 != .psf }
  }

  /// A detector with its default settings.
  public init(_ kind: Kind) {
    switch kind {
    case .wavelet: self = .wavelet(threshold: Self.waveletThreshold.standard)
    case .dog:
      self = .dog(
        threshold: Self.dogThreshold.standard, sigma: Self.dogSigma.standard,
        radius: Self.dogRadius.standard)
    case .gradient: self = .gradient(threshold: Self.gradientThreshold.standard)
    case .psf:
      self = .psf(threshold: Self.psfThreshold.standard, radius: Self.psfRadius.standard)
    }
  }

  /// The detector that a PSF requires: psf if it has several peaks, because other detectors find
  /// each peak as a molecule; nil if any detector works.
  ///
  /// - Parameters:
  ///   - psf: the PSF that will be fitted.
  ///   - box: side of the fit box, px.
  public static func usual(for psf: CalibratedPSF, box: Int) -> Detector? {
    guard psf.problem == nil, PSFTemplates(psf, side: box).hasSeveralPeaks else { return nil }
    return Detector(.psf)
  }

  public var kind: Kind {
    switch self {
    case .wavelet: .wavelet
    case .dog: .dog
    case .gradient: .gradient
    case .psf: .psf
    }
  }

  /// The value that a spot must exceed, in the units of the detector.
  public var threshold: Double {
    get {
      switch self {
      case .wavelet(let threshold), .dog(let threshold, _, _), .gradient(let threshold),
        .psf(let threshold, _):
        threshold
      }
    }
    set {
      switch self {
      case .wavelet: self = .wavelet(threshold: newValue)
      case .dog(_, let sigma, let radius):
        self = .dog(threshold: newValue, sigma: sigma, radius: radius)
      case .gradient: self = .gradient(threshold: newValue)
      case .psf(_, let radius): self = .psf(threshold: newValue, radius: radius)
      }
    }
  }
}

extension Detector {
  public static let waveletThreshold = threshold(
    of: .wavelet, 1.2,
    "multiple of the noise of the first wavelet plane, 1.4826 · median of its magnitudes")
  public static let dogThreshold = threshold(
    of: .dog, 1.7,
    "factor in the cut-off median + factor · (q80 − q20)/0.6 over the maxima of a frame")
  public static let gradientThreshold = threshold(
    of: .gradient, 5000, "net gradient in camera counts")
  public static let psfThreshold = threshold(of: .psf, 5, "signal-to-noise ratio")
  public static let dogSigma = Setting(
    .psfSigma, in: "detection", field: "sigma", title: "detection σ", of: "dog", unit: "px",
    standard: 1.2, allowed: .within(0.3...10),
    "σ of the inner Gaussian of the difference; the outer one is 2.5 times as wide",
    remedy: "use about the σ of the PSF")
  public static let dogRadius = radius(
    of: .dog, "minimum distance between two spots; they must be further apart than this")
  public static let psfRadius = radius(
    of: .psf,
    "two spots must be further apart than this, and than the reach of the PSF's side maxima")

  private static func threshold(
    of kind: Kind, _ standard: Double, _ meaning: String
  ) -> Setting<Double> {
    Setting(
      .threshold, in: "detection", of: kind.rawValue, standard: standard,
      allowed: .within(0...1e12),
      meaning, remedy: "omit \(.threshold) to use the default")
  }

  private static func radius(of kind: Kind, _ meaning: String) -> Setting<Int> {
    Setting(
      .radius, in: "detection", of: kind.rawValue, unit: "px", standard: 2,
      allowed: .within(1...64), meaning, remedy: "3 separates spots that are more than 3 px apart")
  }

  /// Exchanges the detector's own settings, the threshold only if it is used.
  mutating func exchange(
    _ form: inout SettingsForm, threshold isUsed: Bool
  ) throws(SettingsError) {
    if isUsed {
      let setting =
        switch self {
        case .wavelet: Self.waveletThreshold
        case .dog: Self.dogThreshold
        case .gradient: Self.gradientThreshold
        case .psf: Self.psfThreshold
        }
      try form.field(setting, &threshold)
    }
    switch self {
    case .wavelet, .gradient: break
    case .dog(let threshold, var sigma, var radius):
      try form.field(Self.dogSigma, &sigma)
      try form.field(Self.dogRadius, &radius)
      self = .dog(threshold: threshold, sigma: sigma, radius: radius)
    case .psf(let threshold, var radius):
      try form.field(Self.psfRadius, &radius)
      self = .psf(threshold: threshold, radius: radius)
    }
  }
}
