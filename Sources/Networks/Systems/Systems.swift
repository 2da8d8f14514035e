import Foundation

/// The networks that Glint knows.
public enum Systems {
  public static let all: [any NetworkSystem.Type] = [
    DeepSTORM.self, FIDSTORM.self, DECODE.self, DeepSTORM3D.self, SpeNet.self, DEFCoN.self,
  ]

  /// The system of that name. Throws `NetworkError` where there is none.
  public static func named(_ name: String) throws(NetworkError) -> any NetworkSystem.Type {
    guard let system = all.first(where: { $0.name == name.lowercased() }) else {
      throw .unknownSystem(name, known: all.map { $0.name })
    }
    return system
  }

  /// The system and settings that a configuration states.
  static func decode(
    _ configuration: NetworkConfiguration
  ) throws(NetworkError) -> any NetworkSystem {
    let type = try named(configuration.system)
    do {
      return try JSONDecoder().decode(type, from: Data(configuration.settings.utf8))
    } catch {
      throw .settings(system: configuration.system, reason: "\(error)")
    }
  }
}

extension NetworkSystem {
  /// The system with its settings, for a file of weights.
  public var configuration: NetworkConfiguration {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return NetworkConfiguration(
        system: Self.name, settings: String(decoding: try encoder.encode(self), as: UTF8.self))
    }
  }
}

/// What cannot be done with a network.
public enum NetworkError: Error, CustomStringConvertible, Sendable {
  case unknownSystem(String, known: [String])
  case settings(system: String, reason: String)
  /// A file that does not say which network it belongs to.
  case unnamed(path: String, known: [String])
  /// A frame that the network cannot take.
  case frame(system: String, reason: String)
  /// An ONNX graph that has no counterpart here.
  case unsupported(op: String, node: String, reason: String)

  public var description: String {
    switch self {
    case .unknownSystem(let name, let known):
      "there is no network `\(name)`\nhint: known are \(known.joined(separator: ", "))"
    case .settings(let system, let reason):
      "the settings of \(system) in the file of weights are not as they should be: \(reason)"
    case .unnamed(let path, let known):
      "\(path) does not say which network it belongs to\nhint: name one of \(known.joined(separator: ", "))"
    case .frame(let system, let reason): "\(system) cannot take this frame: \(reason)"
    case .unsupported(let op, let node, let reason):
      "ONNX node `\(node)` (\(op)) cannot be imported: \(reason)"
    }
  }
}
