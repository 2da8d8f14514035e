/// A published network: its layers as data, its settings, and how its authors' files name things.
///
/// A value of the type is the network with its settings; `init()` gives the published ones.
public protocol NetworkSystem: Codable, Hashable, Sendable {
  /// How it is asked for: "deepstorm3d".
  static var name: String { get }
  /// Authors, journal, year.
  static var source: String { get }
  /// What comes out.
  static var purpose: String { get }

  init()
  /// The settings that the shapes and numbers of these weights tell; the published ones elsewhere.
  init(fitting weights: Weights)
  /// Weights of the authors' files under the names of `network`.
  static func adopt(_ weights: Weights) -> Weights

  var network: Network { get }
}

extension NetworkSystem {
  public init(fitting weights: Weights) { self.init() }
  public static func adopt(_ weights: Weights) -> Weights { weights }
}
