import Reporting

/// The settings that messages about files name.
extension SettingName {
  package static let pixelSize = SettingName("pixel-size")
}
