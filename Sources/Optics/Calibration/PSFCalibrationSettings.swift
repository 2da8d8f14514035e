import Microscopy
import Reporting

/// Settings for measuring a PSF from beads.
public struct PSFCalibrationSettings: Codable, Hashable, Sendable {
  /// Where z is 0.
  public enum Origin: String, Codable, SettingChoice {
    /// The middle plane if the image has several peaks at its focus, such as a double helix, which
    /// is nowhere sharper than elsewhere; else the focus.
    case shape
    /// Where the widths along x and y are equal, or else where the image is sharpest.
    case focus
    /// The middle plane of the stack.
    case middle
  }

  /// Distance between planes, nm, > 0.
  public var zStep: Double
  /// Side of the box around a bead, odd, px; also the number of the spline's knots along x and y.
  public var roi: Int
  /// The side up to which the box may grow until it holds 90 % of the light, px; nil to keep `roi`.
  public var roiLimit: Int?
  /// Camera pixel, nm; nil if unknown.
  public var pixelSize: Double?
  /// Least distance of the spline's knots along z, nm. The PSF is smooth on this scale, while noise
  /// and jumps of the stage are not.
  public var knotSpacing: Double
  /// The largest error of the beads' heights in the trusted range, nm rms.
  public var heightError: Double
  public var origin: Origin
  /// Factor from stage to sample z, for the mismatch of refractive indices.
  public var indexFactor: Double

  public init(
    zStep: Double, roi: Int = 27, roiLimit: Int? = nil, pixelSize: Double? = nil,
    knotSpacing: Double = 80, heightError: Double = Self.heightError.standard,
    origin: Origin = Self.origin.standard, indexFactor: Double = 1
  ) {
    self.zStep = zStep
    self.roi = roi
    self.roiLimit = roiLimit
    self.pixelSize = pixelSize
    self.knotSpacing = knotSpacing
    self.heightError = heightError
    self.origin = origin
    self.indexFactor = indexFactor
  }

  enum CodingKeys: String, CodingKey {
    case zStep = "z_step"
    case roi
    case roiLimit = "roi_limit"
    case pixelSize = "pixel_size"
    case knotSpacing = "knot_spacing"
    case heightError = "z_error"
    case origin
    case indexFactor = "refractive_index_factor"
  }

  public static let pixelSize = Setting<Double?>(
    .pixelSize, unit: "nm", standard: nil, allowed: .optional(FieldOfView.pixelSize.allowed),
    "pixel size in the sample plane, if the movie does not state it",
    remedy: FieldOfView.pixelSize.facts.remedy)
  public static let roi = Setting<Int?>(
    .roi, title: "a box of", unit: "px", standard: nil,
    allowed: .optional(.odd(9...PSFCalibrator.widestBox)),
    "side of the box around a bead; by default 2.7 µm, or more if that holds less than 90 % of the "
      + "light; the largest fit box is 4 px smaller")
  public static let heightError = Setting(
    .heightError, title: "accepted error of z", unit: "nm", standard: 50.0,
    allowed: .above(0, upTo: 10_000),
    "the trusted z range ends where heights of the beads come back with a larger error")
  public static let origin = Setting(
    .origin, standard: Origin.shape,
    "position of z = 0: the focus (equal widths, or sharpest), the middle plane, or shape: the "
      + "middle plane if the image has several peaks in focus, else the focus")
  public static let indexFactor = Setting(
    .indexFactor, title: "refractive-index factor", standard: 1.0, allowed: .above(0, upTo: 10),
    "factor from stage z to sample z",
    remedy: "0.7 to 0.8 is usual for oil immersion and water; 1 leaves z unchanged")

  /// Throws `SettingsError` for the first invalid setting.
  package func check() throws(SettingsError) {
    try ZStack.step.check(zStep)
    try Self.roi.check(roi)
    try Self.roi.check(roiLimit)
    try Self.pixelSize.check(pixelSize)
    try Self.heightError.check(heightError)
    try Self.indexFactor.check(indexFactor)
    guard zStep > 0, knotSpacing > 0, knotSpacing.isFinite else {
      throw SettingsError(
        "z step \(zStep) nm and knot spacing \(knotSpacing) nm must be greater than 0", hint: nil)
    }
  }
}

/// Beads from which no PSF can be made, with a remedy.
public struct PSFCalibrationError: Fault, Hashable {
  public let message: Message
  public let remedy: Message?

  init(_ message: Message, hint: Message) {
    self.message = message
    remedy = hint
  }
}
