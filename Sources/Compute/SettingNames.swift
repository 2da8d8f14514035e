import Reporting

/// Settings that errors of this module speak of.
extension SettingName {
  package static let batch = SettingName("batch")
  package static let device = SettingName("device")
  package static let roi = SettingName("roi")
}
