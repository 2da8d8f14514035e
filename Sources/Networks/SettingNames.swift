import Reporting

extension SettingName {
  /// Settings of a network that its weights do not say.
  package static let networkSettings = SettingName("network-settings")
  /// What a run of a network may take.
  package static let memory = SettingName("memory")
}
