import Foundation
import Microscopy

/// What an ND2 file says about camera, light and scale.
struct ND2Description {
  private(set) var acquisition = Acquisition()
  /// Names of the components of a pixel, in their order.
  private(set) var channels: [String] = []
  /// Whether a channel consists of blue, green and red.
  private(set) var isColour = false
  private(set) var pixelSize = StatedPixelSize.none
  /// The text in which NIS-Elements describes camera and channels.
  private(set) var fields: [String: String] = [:]

  init(_ picture: ND2Value?, _ texts: ND2Value?) {
    if let micrometres = picture?["dCalibration"]?.double, picture?["bCalibrated"]?.int != 0 {
      pixelSize = StatedPixelSize(micrometres, unit: "µm")
    }
    if let day = picture?["dTimeAbsolute"]?.double {
      // A Julian day; that of 1970 is 2440587.5.
      acquisition.start = Acquisition.time(secondsSince1970: (day - 2_440_587.5) * 86400)
    }
    let planes = picture?["sPicturePlanes"]
    for plane in (planes?["sPlaneNew"] ?? planes?["sPlane"])?.children.map(\.value) ?? [] {
      let name = plane["sDescription"]?.text ?? ""
      acquisition.channels.append(name)
      if plane["uiCompCount"]?.int == 3 {
        isColour = true
        channels += ["blue", "green", "red"].map { name.isEmpty ? $0 : "\(name) \($0)" }
      } else {
        channels.append(name)
      }
    }
    if channels.allSatisfy(\.isEmpty) { (channels, acquisition.channels) = ([], []) }
    for setting in planes?["sSampleSetting"]?.children.map(\.value) ?? [] {
      if let exposure = setting["dExposureTime"]?.double { acquisition.exposures.append(exposure) }
      let camera = setting["pCameraSetting"]
      acquisition.camera =
        acquisition.camera ?? camera?["CameraUserName"]?.text ?? camera?["CameraUniqueName"]?.text
    }
    for number in [5, 6] {
      guard let text = texts?["TextInfoItem_\(number)"]?.text, !text.isEmpty else { continue }
      let lines = text.split(whereSeparator: \.isNewline).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      fields[number == 5 ? "description" : "capturing"] = lines.joined(separator: "; ")
      for line in lines {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { continue }
        let value = parts[1].trimmingCharacters(in: .whitespaces)
        switch parts[0] {
        case "Multiplier", "EM Gain", "EM Multiplier", "GainMultiplier":
          acquisition.emGain = acquisition.emGain ?? Double(value)
        case "Camera Name": acquisition.camera = acquisition.camera ?? value
        default: break
        }
      }
    }
  }
}
