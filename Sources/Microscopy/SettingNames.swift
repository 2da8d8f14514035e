import Reporting

/// Settings of calibrations and outputs that messages name.
extension SettingName {
  public static let dark = SettingName("dark")
  public static let bright = SettingName("bright")
  public static let zStep = SettingName("z-step")
  public static let planes = SettingName("planes")
  public static let report = SettingName("report")
  public static let model = SettingName("model")
  /// Replaces files that exist.
  public static let force = SettingName("force")
}
