import Networks
import Reporting

/// A localizing network and its settings.
public struct NetworkSettings: Hashable, Sendable {
  /// The name in `glint networks`; nil if the weights state it.
  public var name: String?
  /// The file of weights.
  public var weights: String
  /// Network settings that differ from those in the weights, a JSON object.
  public var settings: String?
  /// The detection threshold: a probability, or the height of a maximum; nil for the network's
  /// default.
  public var threshold: Double?
  /// Memory limit of a network run, MiB; larger frames are split into tiles.
  public var memory = NetworkSettings.memory.standard

  public init(weights: String, name: String? = nil) {
    self.weights = weights
    self.name = name
  }

  /// The network with its weights. Throws `WeightError`, `NetworkError`.
  public func model() throws -> Model {
    try Model(reading: weights, system: name, settings: settings ?? "")
  }

  /// The same settings with all values filled in from the network.
  public func resolved(_ model: Model) throws -> NetworkSettings {
    var result = self
    result.name = type(of: model.system).name
    result.settings = try model.system.configuration.settings
    // The shortest text of the weights' number: 0.3, not 0.30000001192092896.
    result.threshold = threshold ?? model.system.task.threshold.flatMap { Double("\($0)") }
    return result
  }
}

extension NetworkSettings: SettingGroup {
  public static let name = Setting<String?>(
    .network, in: "network", field: "name", standard: nil,
    "name of a known network; not needed if the weights state it")
  public static let weights = Setting<String?>(
    .weights, in: "network", standard: nil,
    "weights of the network: safetensors, ONNX, PyTorch, Keras (.h5, .keras) or npz")
  public static let settings = Setting<String?>(
    .networkSettings, in: "network", field: "settings", of: "a network", standard: nil,
    "network settings that differ from those in the weights, as JSON")
  public static let threshold = Setting<Double?>(
    .threshold, in: "network", of: "a network", standard: nil,
    allowed: .optional(.above(0, upTo: 1e6)),
    "detection threshold on the network's output; the network's default if omitted",
    remedy: "omit \(.threshold) to use the default")
  public static let memory = Setting(
    .memory, in: "network", title: "a memory of", of: "a network", unit: "MiB", standard: 1024,
    allowed: .within(1...1 << 24),
    "memory limit of a network run; larger frames are split into tiles",
    remedy: "1024 is the default")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.name, &name)
    var path: String? = weights.isEmpty ? nil : weights
    try form.field(Self.weights, &path)
    guard let path else {
      throw SettingsError(
        "\(name ?? "the network") needs weights",
        hint: "give the file of trained weights with \(.weights)")
    }
    weights = path
    try form.field(Self.settings, &settings)
    try form.field(Self.threshold, &threshold)
    try form.field(Self.memory, &memory)
  }
}
