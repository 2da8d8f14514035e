import Microscopy
import Reporting

/// All settings that determine the rows of a table, for a given movie and camera.
public struct LocalizationSettings: Hashable, Sendable {
  public var detection = DetectionSettings()
  public var fit = FitSettings()

  public init() {}

  /// The pixels around a region that its rows depend on; nil if they depend on the whole frame,
  /// because the detector's cut-off does.
  package var margin: Int? {
    if detection.falsePositives != nil { return nil }
    return switch detection.detector {
    case .wavelet, .dog: nil
    // The reach of maxima, of what is computed at each, and of a box.
    case .gradient: 2 * fit.box
    case .psf(_, let radius): fit.box + max(radius, fit.box)
    }
  }

  /// Checks the settings against each other.
  ///
  /// Throws `SettingsError` for the first invalid setting.
  public func validate() throws(SettingsError) {
    try fit.validate()
    try checkRanges()
  }
}

extension LocalizationSettings: SettingGroup {
  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try detection.exchange(&form)
    try fit.exchange(&form)
  }
}
