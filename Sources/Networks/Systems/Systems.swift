import Foundation
import Reporting

/// The known networks.
public enum Systems {
  public static let all: [any NetworkSystem.Type] = [
    DeepSTORM.self, FIDSTORM.self, DECODE.self, DeepSTORM3D.self, SpeNet.self, DEFCoN.self,
  ]

  /// The system of that name. Throws `NetworkError` if there is none.
  public static func named(_ name: String) throws(NetworkError) -> any NetworkSystem.Type {
    guard let system = all.first(where: { $0.name == name.lowercased() }) else {
      throw .unknownSystem(name, known: all.map { $0.name })
    }
    return system
  }

  /// The system and settings of a configuration.
  static func decode(
    _ configuration: NetworkConfiguration
  ) throws(NetworkError) -> any NetworkSystem {
    try named(configuration.system).init().with(settings: configuration.settings)
  }
}

extension NetworkSystem {
  /// The system with some settings changed.
  ///
  /// - Parameter settings: a JSON object; omitted fields are unchanged. Empty for no change.
  /// - Throws: `NetworkError.settings` for an unknown field or an invalid value.
  public func with(settings: String) throws(NetworkError) -> Self {
    guard !settings.isEmpty else { return self }
    func fault(_ reason: String) -> NetworkError { .settings(system: Self.name, reason: reason) }
    let known = Mirror(reflecting: self).children.compactMap(\.label)
    let given: [String: Any]
    let own: [String: Any]
    do {
      given =
        try JSONSerialization.jsonObject(with: Data(settings.utf8)) as? [String: Any] ?? ["?": 0]
      own =
        try JSONSerialization.jsonObject(with: try JSONEncoder().encode(self)) as? [String: Any]
        ?? [:]
    } catch {
      throw fault("`\(settings.prefix(80))` is not JSON")
    }
    for key in given.keys.sorted() where !known.contains(key) {
      throw fault("there is no `\(key)`, only \(known.joined(separator: ", "))")
    }
    do {
      let merged = try JSONSerialization.data(withJSONObject: Self.merge(given, into: own))
      return try JSONDecoder().decode(Self.self, from: merged)
    } catch let error as DecodingError {
      throw fault(error.words)
    } catch {
      throw fault("\(error)")
    }
  }

  private static func merge(_ given: [String: Any], into own: [String: Any]) -> [String: Any] {
    own.merging(given) { old, new in
      guard let old = old as? [String: Any], let new = new as? [String: Any] else { return new }
      return merge(new, into: old)
    }
  }
}

extension NetworkSystem {
  /// The system with its settings, for a weight file.
  public var configuration: NetworkConfiguration {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return NetworkConfiguration(
        system: Self.name, settings: String(decoding: try encoder.encode(self), as: UTF8.self))
    }
  }
}
