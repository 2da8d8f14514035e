import Microscopy
import Networks
import Reporting

extension Camera {
  /// Throws `SettingsError` if the camera is invalid, or does not match these maps and frames.
  func check(_ maps: CameraMaps?, width: Int, height: Int) throws(SettingsError) {
    if let problem {
      throw SettingsError(
        "the camera settings are invalid: \(problem)",
        hint: "check \(.offset), \(.gain) and the camera file")
    }
    if let maps, maps.width != width || maps.height != height {
      throw SettingsError(
        "the camera maps are \(maps.width)×\(maps.height) px, the frames \(width)×\(height)",
        hint: "crop the maps to the region of the sensor that the camera recorded")
    }
    if maps != nil, emGain > 1 {
      throw SettingsError(
        "per-pixel maps cannot be combined with an EM gain of \(emGain)",
        hint: "the pixels of an EMCCD share one amplifier; omit the maps")
    }
  }

  /// Converts camera counts to the unit that a network takes.
  package func units(_ unit: InputUnit, _ maps: CameraMaps?) -> FrameStack.Units {
    let electron: Double
    switch unit {
    case .counts: return .counts
    case .photons: electron = quantumEfficiency
    case .effectiveCounts: electron = excessNoise
    }
    guard let maps else {
      return .scalar(offset: Float(offset), factor: Float(1 / (gain * emGain * electron)))
    }
    return .maps(
      offset: maps.offset, factor: maps.gain.map { Float(1 / (Double($0) * electron)) })
  }
}
