import Networks

/// A learned localizer, and what it is told.
public struct NetworkSettings: Codable, Hashable, Sendable {
  /// As `glint networks` lists it; empty where the weights say it, or for none.
  public var name = ""
  /// File of weights; empty for none.
  public var weights = ""
  /// Settings of the network that are not as the weights say: a JSON object, or empty.
  public var settings = ""
  /// What an emitter needs: a probability, or the height of a maximum; 0 for the network's own.
  public var threshold: Double = 0
  /// MiB that a run of the network may take; larger frames are cut into tiles.
  public var memory = 1024

  public init() {}

  /// Whether a network is asked for.
  public var isUsed: Bool { !name.isEmpty || !weights.isEmpty }

  public func check() throws(SettingsError) {
    guard threshold.isFinite, threshold >= 0, threshold <= 1e6 else {
      throw SettingsError(
        "threshold \(threshold) must be in 0...1000000",
        hint: "leave --threshold out for the default")
    }
    guard (1...1 << 24).contains(memory) else {
      throw SettingsError(
        "a memory of \(memory) MiB must be in 1...\(1 << 24)", hint: "1024 is the default")
    }
    if isUsed, weights.isEmpty {
      throw SettingsError(
        "\(name) needs weights", hint: "name the file that its training gave with --weights FILE")
    }
  }

  /// The network with its weights. Throws `WeightError`, `NetworkError`.
  public func model() throws -> Model {
    try Model(reading: weights, system: name.isEmpty ? nil : name, settings: settings)
  }

  /// The same with every setting said, where `model` is theirs.
  public func resolved(_ model: Model) throws -> NetworkSettings {
    let system = model.system
    var result = self
    result.name = type(of: system).name
    result.settings = try system.configuration.settings
    if threshold == 0, let own = system.task.threshold {
      result.threshold = Double("\(own)") ?? Double(own)
    }
    return result
  }
}
