import Microscopy
import Reporting

/// Settings for measuring a PSF from beads.
public struct PSFCalibrationSettings: Codable, Hashable, Sendable {
  /// Where z is 0.
  public enum Origin: String, Codable, Hashable, Sendable, CaseIterable {
    /// Where the widths along x and y are equal, or else where the image is sharpest.
    case focus
    /// The middle plane of the stack.
    case middle
  }

  /// Distance between planes, nm, > 0.
  public var zStep: Double
  /// Side of the box around a bead, odd, px; also the number of the spline's knots along x and y.
  public var roi: Int
  /// Camera pixel, nm; nil if unknown.
  public var pixelSize: Double?
  /// Least distance of the spline's knots along z, nm. The PSF is smooth on this scale, while noise
  /// and jumps of the stage are not.
  public var knotSpacing: Double
  public var origin: Origin
  /// Factor from stage to sample z, for the mismatch of refractive indices.
  public var indexFactor: Double

  public init(
    zStep: Double, roi: Int = 27, pixelSize: Double? = nil, knotSpacing: Double = 80,
    origin: Origin = .focus, indexFactor: Double = 1
  ) {
    self.zStep = zStep
    self.roi = roi
    self.pixelSize = pixelSize
    self.knotSpacing = knotSpacing
    self.origin = origin
    self.indexFactor = indexFactor
  }

  enum CodingKeys: String, CodingKey {
    case zStep = "z_step"
    case roi
    case pixelSize = "pixel_size"
    case knotSpacing = "knot_spacing"
    case origin
    case indexFactor = "refractive_index_factor"
  }

  /// Throws `PSFCalibrationError` for the first invalid setting.
  func check() throws(PSFCalibrationError) {
    guard zStep > 0, zStep.isFinite else {
      throw PSFCalibrationError(
        "the z step \(zStep) nm is not greater than 0",
        hint: "give the distance between planes with \(.zStep), in nm")
    }
    guard roi % 2 == 1, 9...61 ~= roi else {
      throw PSFCalibrationError(
        "a box of \(roi) px is not possible", hint: "\(.roi) must be an odd number from 9 to 61")
    }
    if let pixelSize, !(pixelSize > 0 && pixelSize.isFinite) {
      throw PSFCalibrationError(
        "the pixel size \(pixelSize) nm is not greater than 0",
        hint: "\(.pixelSize) is the pixel size in the sample plane")
    }
    guard indexFactor > 0, indexFactor.isFinite, knotSpacing > 0, knotSpacing.isFinite else {
      throw PSFCalibrationError(
        "the refractive-index factor \(indexFactor) is not greater than 0",
        hint: "0.7 to 0.8 is usual for oil immersion and water; 1 leaves z unchanged")
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
