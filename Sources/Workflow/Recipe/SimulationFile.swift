import Containers
import Foundation
import Optics
import Reporting

extension SimulationSettings {
  /// Reads the settings that an earlier simulation wrote, as JSON.
  ///
  /// Throws `SettingsError` if the file cannot be read, and `DecodingError` for another content.
  public init(file path: String) throws {
    let data: [UInt8]
    do { data = try InputFile.contents(of: path, atMost: 1 << 26) } catch {
      throw SettingsError(
        "cannot read the settings \(path): it \(error.words)",
        hint: error.hint.map { Message($0) })
    }
    self = try JSONDecoder().decode(Self.self, from: Data(data))
  }
}
