/// A published network: its layers, its settings, and the names in its authors' files.
///
/// A value of the type is the network with its settings; `init()` gives the published settings.
package protocol NetworkSystem: Codable, Hashable, Sendable {
  /// The name that selects it: "deepstorm3d".
  static var name: String { get }
  /// Authors, journal, year.
  static var source: String { get }
  /// What the network computes.
  static var purpose: String { get }
  /// The task, and how its first result is read, with the columns and units of its table.
  var task: NetworkTask { get }
  /// The unit of frames.
  var unit: InputUnit { get }
  /// The only size that frames can have; nil for a network that takes any size.
  var inputSize: (height: Int, width: Int)? { get }

  init()
  /// Settings inferred from the shapes and numbers of these weights; otherwise the published ones.
  init(fitting weights: Weights)
  /// The tensors of the authors' files under the names of `network`.
  static func adopt(_ weights: Weights) -> Weights

  /// The settings that affect sizes, with their allowed values.
  var bounds: [SettingBound] { get }
  /// For settings within their bounds.
  var network: Network { get }
  /// The same network with the units of its results for frames with this noise.
  func seeing(_ noise: FrameNoise) -> Self
  /// The channel of the first output that is the background, and photons per pixel for a value of
  /// 1 there; nil if the network does not give it.
  var background: (channel: Int, photons: Double)? { get }
  /// Throws if a run needs a value that neither weights nor settings state.
  func checkReadiness() throws(NetworkError)
}

/// A setting with a limited range.
package struct SettingBound: Hashable, Sendable {
  package let name: String
  package let value: String
  /// The allowed values, in words.
  package let allowed: String
  package let holds: Bool

  package init(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>, isOdd: Bool = false) {
    self.name = name
    self.value = "\(value)"
    self.allowed =
      (isOdd ? "an odd number " : "") + "between \(allowed.lowerBound) and \(allowed.upperBound)"
    holds = allowed.contains(value) && (!isOdd || value % 2 == 1)
  }

  package init(_ name: String, positive value: Double) {
    self.name = name
    self.value = "\(value)"
    allowed = "above 0"
    holds = value > 0 && value.isFinite
  }
}

extension NetworkSystem {
  package init(fitting weights: Weights) { self.init() }
  package static func adopt(_ weights: Weights) -> Weights { weights }
  package var bounds: [SettingBound] { [] }
  package var unit: InputUnit { .counts }
  package var inputSize: (height: Int, width: Int)? { nil }
  package func seeing(_ noise: FrameNoise) -> Self { self }
  package var background: (channel: Int, photons: Double)? { nil }
  package func checkReadiness() throws(NetworkError) {}

  /// Throws `NetworkError.settings` for the first setting that is out of bounds.
  package func checkSettings() throws(NetworkError) {
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
