import Microscopy
import Reporting

/// All settings that determine the rows of a table, for a given movie and camera.
public struct LocalizationSettings: Hashable, Sendable {
  public var detection = DetectionSettings()
  public var fit = FitSettings()

  public init() {}

  /// Checks the settings against each other and against the movie's size.
  ///
  /// Throws `SettingsError` for the first invalid setting.
  public func validate(width: Int, height: Int) throws(SettingsError) {
    try fit.validate()
    try checkRanges()
    guard width >= fit.box, height >= fit.box else {
      throw SettingsError(
        "a frame of \(width)×\(height) px is smaller than the box of \(fit.box) px",
        hint: "use a smaller \(.box) or a larger \(.roi)")
    }
  }
}

extension LocalizationSettings: SettingGroup {
  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try detection.exchange(&form)
    try fit.exchange(&form)
  }
}
