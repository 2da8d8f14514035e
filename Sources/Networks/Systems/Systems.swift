import Foundation
import Reporting

/// The known networks.
package enum Systems {
  package static let all: [any NetworkSystem.Type] = [
    DeepSTORM.self, FIDSTORM.self, DECODE.self, DeepSTORM3D.self, SpeNet.self, DEFCoN.self,
  ]

  /// The system of that name. Throws `NetworkError` if there is none.
  package static func named(_ name: String) throws(NetworkError) -> any NetworkSystem.Type {
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
  package func with(settings: String) throws(NetworkError) -> Self {
    guard !settings.isEmpty else { return self }
    guard let given = try? JSONDecoder().decode(FieldValue.self, from: Data(settings.utf8)) else {
      throw .settings(system: Self.name, reason: "the text is not JSON")
    }
    do {
      return try given.changing(self)
    } catch {
      let reason = (error as? DecodingError)?.words ?? "\(error)"
      throw .settings(system: Self.name, reason: reason)
    }
  }
}

extension FieldValue {
  /// The value with the fields of this section changed. Throws for an unknown field or an invalid
  /// value.
  package func changing<Value: Codable>(_ value: Value) throws -> Value {
    let (decoder, encoder) = (JSONDecoder(), JSONEncoder())
    let own = try decoder.decode(FieldValue.self, from: encoder.encode(value))
    return try decoder.decode(Value.self, from: encoder.encode(own.changed(to: self, in: value)))
  }

  /// The fields of a section, changed one by one; names must be those of the properties of `value`.
  fileprivate func changed(to given: FieldValue, in value: Any) throws -> FieldValue {
    guard case .section(var fields) = self, given != .null else { return given }
    guard case .section(let changes) = given else {
      throw SettingsError("`\(given.words)` is not a section of settings", hint: nil)
    }
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .enum { return given }
    if mirror.displayStyle == .optional, let wrapped = mirror.children.first?.value {
      return try changed(to: given, in: wrapped)
    }
    let properties = mirror.children
    for (name, change) in changes.sorted(by: { $0.key < $1.key }) {
      guard let property = properties.first(where: { $0.label == name }) else {
        let known = properties.compactMap(\.label).joined(separator: ", ")
        throw SettingsError("there is no `\(name)`, only \(known)", hint: nil)
      }
      fields[name] = try (fields[name] ?? .null).changed(to: change, in: property.value)
    }
    return .section(fields)
  }
}

extension NetworkSystem {
  /// The system with its settings, for a weight file.
  package var configuration: NetworkConfiguration {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return NetworkConfiguration(
        system: Self.name, settings: String(decoding: try encoder.encode(self), as: UTF8.self))
    }
  }
}
