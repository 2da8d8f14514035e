import Reporting

/// Names of calibration and output settings that appear in messages.
extension SettingName {
  package static let dark = SettingName("dark")
  package static let bright = SettingName("bright")
  package static let zStep = SettingName("z-step")
  package static let planes = SettingName("planes")
  package static let report = SettingName("report")
  package static let model = SettingName("model")
  /// Continues an interrupted run.
  package static let resume = SettingName("resume")
  /// Replaces existing files.
  package static let force = SettingName("force")
}
