import Networks
import Reporting

/// A localizing network and its settings.
public struct NetworkSettings: Hashable, Sendable {
  /// The name in `glint networks`; nil if the weights state it.
  public var name: String?
  /// The file of weights; empty for a model that comes with the package.
  public var weights: String
  /// Network settings that differ from those in the weights, a JSON object.
  public var settings: String?
  /// The detection threshold: a probability, or the height of a maximum; nil for the network's
  /// default.
  public var threshold: Double?
  /// The usual background of the movie, photons per pixel, for a network that divides frames by
  /// their noise; nil if it was not measured yet.
  public var level: Double?
  /// Memory limit of a network run, MiB; larger frames are split into tiles.
  public var memory = NetworkSettings.memory.standard

  public init(weights: String, name: String? = nil) {
    self.weights = weights
    self.name = name
  }

  /// The network with its weights. Throws `WeightError`, `NetworkError`.
  public func model() throws -> Model {
    if let shipped { return try shipped.model(settings: settings ?? "") }
    return try Model(reading: weights, system: name, settings: settings ?? "")
  }

  /// The model that comes with the package, if it is named and no file is.
  private var shipped: ShippedModel? {
    weights.isEmpty ? name.flatMap(ShippedModel.named) : nil
  }

  /// The same settings with all values filled in from the network.
  public func resolved(_ model: Model) throws -> NetworkSettings {
    var result = self
    if shipped == nil { result.name = type(of: model.system).name }
    result.settings = try model.system.configuration.settings
    // The shortest text of the weights' number: 0.3, not 0.30000001192092896.
    result.threshold = threshold ?? model.system.task.threshold.flatMap { Double("\($0)") }
    return result
  }
}

extension NetworkSettings: SettingGroup {
  public static let name = Setting<String?>(
    .network, in: "network", field: "name", standard: nil,
    "name of a known network, or of a model that comes with Glint; not needed if the weights state it"
  )
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
  public static let level = Setting<Double?>(
    .measured, in: "network", field: "level", title: "background level", of: "a network",
    unit: "photons", standard: nil, allowed: .optional(.above(0, upTo: 1e6)),
    "usual background of the movie, for a network that divides frames by their noise; measured if "
      + "omitted")
  public static let memory = Setting(
    .memory, in: "network", title: "a memory of", of: "a network", unit: "MiB", standard: 1024,
    allowed: .within(1...1 << 24),
    "memory limit of a network run; larger frames are split into tiles",
    remedy: "1024 is the default")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.name, &name)
    var path: String? = weights.isEmpty ? nil : weights
    try form.field(Self.weights, &path)
    weights = path ?? ""
    if weights.isEmpty, shipped == nil {
      let models = ShippedModel.all.map(\.name).joined(separator: ", ")
      throw SettingsError(
        "\(name ?? "the network") needs weights",
        hint:
          "give the file of trained weights with \(.weights), or choose a model that comes with Glint: \(models)"
      )
    }
    try form.field(Self.settings, &settings)
    try form.field(Self.threshold, &threshold)
    try form.field(Self.level, &level)
    try form.field(Self.memory, &memory)
  }
}
