import Foundation

/// The network that a weight file belongs to, with its settings as JSON.
public struct NetworkConfiguration: Codable, Hashable, Sendable {
  /// `NetworkSystem.name`.
  public var system: String
  /// The system's settings, in its own encoding.
  public var settings: String

  public init(system: String, settings: String) {
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
