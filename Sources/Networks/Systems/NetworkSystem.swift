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
  /// What the network is for and how its first result is read, with the columns and units of its table.
  var task: NetworkTask { get }
  /// What frames are given in.
  var unit: InputUnit { get }
  /// The only rows and columns that a frame can have; nil for a network that takes any.
  var inputSize: (height: Int, width: Int)? { get }

  init()
  /// The settings that the shapes and numbers of these weights tell; the published ones elsewhere.
  init(fitting weights: Weights)
  /// Weights of the authors' files under the names of `network`.
  static func adopt(_ weights: Weights) -> Weights

  /// Those of the settings that sizes depend on, and what they may be.
  var bounds: [SettingBound] { get }
  /// For settings within their bounds.
  var network: Network { get }
  /// Throws where a run needs to know what neither weights nor settings say.
  func checkReadiness() throws(NetworkError)
}

/// A setting that cannot be any number.
public struct SettingBound: Hashable, Sendable {
  public let name: String
  public let value: String
  /// What it may be, in words.
  public let allowed: String
  public let holds: Bool

  public init(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>, isOdd: Bool = false) {
    self.name = name
    self.value = "\(value)"
    self.allowed =
      (isOdd ? "an odd number " : "") + "between \(allowed.lowerBound) and \(allowed.upperBound)"
    holds = allowed.contains(value) && (!isOdd || value % 2 == 1)
  }

  public init(_ name: String, positive value: Double) {
    self.name = name
    self.value = "\(value)"
    allowed = "above 0"
    holds = value > 0 && value.isFinite
  }
}

extension NetworkSystem {
  public init(fitting weights: Weights) { self.init() }
  public static func adopt(_ weights: Weights) -> Weights { weights }
  public var bounds: [SettingBound] { [] }
  public var unit: InputUnit { .counts }
  public var inputSize: (height: Int, width: Int)? { nil }
  public func checkReadiness() throws(NetworkError) {}

  /// Throws `NetworkError.settings` for the first setting that is out of its bounds.
  public func checkSettings() throws(NetworkError) {
    for bound in bounds where !bound.holds {
      throw .settings(
        system: Self.name, reason: "\(bound.name) is \(bound.value), not \(bound.allowed)")
    }
    let scaling = network.scaling
    guard scaling.scale.isNormal, scaling.shift.isFinite else {
      throw .settings(
        system: Self.name,
        reason: "frames would be scaled by \(scaling.scale) and shifted by \(scaling.shift)")
    }
  }
}
