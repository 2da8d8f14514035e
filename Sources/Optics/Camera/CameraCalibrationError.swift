import Microscopy
import Reporting

/// Frames from which no camera can be calibrated.
public enum CameraCalibrationError: Fault, Hashable {
  case noFrames
  case tooFewFrames(kind: String, frames: Int, least: Int)
  case filesDiffer(MovieInfo, MovieInfo)
  case notANumber(file: String, x: Int, y: Int)
  case notBrighter(file: String, level: Double, dark: Double)
  case saturated(file: String, saturation: Double)
  case noGain
  /// Maps and frames of different size.
  case otherSensor(maps: String, frames: String)
  case regionOutside(PixelRegion, width: Int, height: Int)

  public var message: Message {
    switch self {
    case .noFrames: "no dark frames were given"
    case .tooFewFrames(let kind, let frames, _):
      "\(frames) \(kind) frame\(frames == 1 ? "" : "s") cannot determine the variance of a pixel"
    case .filesDiffer(let other, let first):
      "\(other.name) has \(other.width)×\(other.height) \(other.pixel.rawValue) pixels, "
        + "\(first.name) \(first.width)×\(first.height) \(first.pixel.rawValue)"
    case .notANumber(let file, let x, let y):
      "pixel (\(x), \(y)) of \(file) is NaN or infinite in some frame"
    case .notBrighter(let file, let level, let dark):
      "\(file) is not brighter than the dark frames: \(adu(level)) ADU against \(adu(dark)) ADU"
    case .saturated(let file, let saturation):
      "most pixels of \(file) reach \(adu(saturation)) ADU, the saturation value"
    case .noGain: "without bright frames the gain cannot be measured"
    case .otherSensor(let maps, let frames): "the maps are \(maps) px, the frames \(frames)"
    case .regionOutside(let region, let width, let height):
      "the region \(region.x),\(region.y),\(region.width),\(region.height) is not inside "
        + "\(width)×\(height) px"
    }
  }

  public var remedy: Message? {
    switch self {
    case .noFrames:
      "give movies recorded with the shutter closed, at the exposure and readout mode of the "
        + "experiment"
    case .tooFewFrames(_, _, let least):
      "record at least \(least); n frames give the variance to √(2/n), which is 1.4 % for 10,000"
    case .filesDiffer:
      "all frames of a calibration must come from the same part of the sensor, in the same format"
    case .notANumber: "calibrate from the camera's own frames, before any processing"
    case .notBrighter: "dark frames come first, or after \(.dark); bright ones after \(.bright)"
    case .saturated:
      "use a darker level, or give the saturation value with \(.saturation)"
    case .noGain:
      "give them with \(.bright), one file for each level of light, or state the gain in ADU/e⁻ "
        + "with \(.gain)"
    case .otherSensor:
      "with maps of the whole sensor, give the recorded region: \(.roi) X,Y,W,H"
    case .regionOutside: "\(.roi) X,Y,W,H counts from 0"
    }
  }
}

private func adu(_ value: Double) -> String { String((value * 10).rounded() / 10) }
