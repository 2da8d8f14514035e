import Foundation

/// The network that a weight file belongs to, with its settings as JSON.
package struct NetworkConfiguration: Codable, Hashable, Sendable {
  /// `NetworkSystem.name`.
  package var system: String
  /// The system's settings, in its own encoding.
  package var settings: String

  package init(system: String, settings: String) {
    self.system = system
    self.settings = settings
  }

  init(json: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
