import Reporting

/// Names of calibration and output settings that appear in messages.
extension SettingName {
  public static let dark = SettingName("dark")
  public static let bright = SettingName("bright")
  public static let zStep = SettingName("z-step")
  public static let planes = SettingName("planes")
  public static let report = SettingName("report")
  public static let model = SettingName("model")
  /// Replaces existing files.
  public static let force = SettingName("force")
}
