import Microscopy
import Reporting

/// How spots are found in a frame.
public struct DetectionSettings: Hashable, Sendable {
  public var detector = Detector(detectorKind.standard)
  public var background = Background.none
  /// Expected number of spots that noise makes of 10⁴ pixels; it replaces the threshold of the
  /// detector. nil for the threshold.
  public var falsePositives: Double?

  /// Background subtraction before spot detection; fits always use the raw pixels.
  public enum Background: Hashable, Sendable {
    case none
    /// The rolling median of each pixel over this number of frames.
    case temporalMedian(window: Int)

    public enum Kind: String, SettingChoice {
      case none
      case temporalMedian = "temporal_median"
    }

    public var kind: Kind { self == .none ? .none : .temporalMedian }
  }

  public init(_ detector: Detector = Detector(detectorKind.standard)) { self.detector = detector }

  /// The threshold of the detector.
  public var threshold: Double {
    get { detector.threshold }
    set { detector.threshold = newValue }
  }

  /// The number of neighbours that each frame needs on either side.
  public var halo: Int {
    if case .temporalMedian(let window) = background { return window / 2 }
    return 0
  }
}

extension DetectionSettings: SettingGroup {
  public static let detectorKind = Setting(
    .detector, in: "detection", standard: Detector.Kind.wavelet,
    "filter that finds spots; psf (a matched filter) is the default for a PSF with several peaks")
  public static let backgroundKind = Setting(
    .background, in: "detection", standard: Background.Kind.none,
    "background subtraction before spot detection; fits use the raw pixels")
  public static let medianWindow = Setting(
    .medianWindow, in: "detection", title: "a median window of", of: "temporal_median",
    unit: "frames", standard: 51,
    allowed: .odd(3...101), "length of the rolling median", remedy: "51 frames is a common choice")

  public static let falsePositives = Setting<Double?>(
    .falsePositives, in: "detection", standard: nil, allowed: .optional(.within(1e-6...10)),
    """
    spots that noise makes of 10,000 empty pixels, expected, in place of a threshold; 0.01 for \
    several emitters
    """, remedy: "use 0.01, or more to find dimmer molecules")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.falsePositives, &falsePositives)
    let byNumber = falsePositives == nil
    var kind = detector.kind
    try form.field(Self.detectorKind, &kind)
    if kind != detector.kind { detector = Detector(kind) }
    try form.within(Self.detectorKind, kind) { form throws(SettingsError) in
      try detector.exchange(&form, threshold: byNumber)
    }
    var subtracted = background.kind
    try form.field(Self.backgroundKind, &subtracted)
    switch subtracted {
    case .none: background = .none
    case .temporalMedian:
      var window = Self.medianWindow.standard
      if case .temporalMedian(let own) = background { window = own }
      try form.field(Self.medianWindow, &window)
      background = .temporalMedian(window: window)
    }
  }

  /// Throws `SettingsError` if the PSF cannot be used for detection.
  func validate(_ psf: CalibratedPSF?) throws(SettingsError) {
    guard case .psf = detector else { return }
    guard psf != nil else {
      throw SettingsError(
        "the detector psf requires a PSF",
        hint: "give a PSF calibration with \(.psf), or use the detector wavelet")
    }
    guard background == .none else {
      throw SettingsError(
        "the detector psf estimates noise from each frame's light, which temporal_median removes",
        hint: "set the background to none: the filter ignores a uniform background")
    }
  }
}
