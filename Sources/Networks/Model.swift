import Compute

/// A network with its weights.
///
/// The weights are held once, checked and in the layout of the network's graphs; all plans share
/// them.
public struct Model: Sendable {
  package let system: any NetworkSystem
  package let network: Network
  /// By the names of the network's parameters.
  let learned: ParameterValues
  /// What it was trained on, if the file says so.
  package let record: TrainingRecord?

  /// Combines weights with a system. Settings come from the file if it states them, otherwise from
  /// the shapes of its tensors.
  ///
  /// - Parameters:
  ///   - type: the kind of network.
  ///   - weights: its trained values.
  ///   - settings: settings to change, a JSON object; see `NetworkSystem.with(settings:)`.
  /// - Throws: `WeightError` if the weights do not belong to this system, `NetworkError` for
  ///   invalid settings.
  package init(
    _ type: any NetworkSystem.Type, _ weights: Weights, settings: String = ""
  ) throws {
    let system: any NetworkSystem
    if let configuration = weights.configuration, configuration.system == type.name {
      system = try Systems.decode(configuration).with(settings: settings)
    } else {
      system = try type.init(fitting: weights).with(settings: settings)
    }
    try self.init(system, weights)
  }

  /// A system with explicit settings.
  package init(_ system: any NetworkSystem, _ weights: Weights) throws {
    self.system = system
    try system.checkSettings()
    network = system.network
    learned = try network.learned(type(of: system).adopt(weights))
    record = weights.record
  }

  /// A system that differs only in the units of its results.
  init(_ model: Model, as system: any NetworkSystem, _ learned: ParameterValues) {
    self.system = system
    network = system.network
    self.learned = learned
    record = model.record
  }

  /// Reads a file; `name` is optional if the file states its network.
  public init(reading path: String, system name: String? = nil, settings: String = "") throws {
    let weights = try WeightFile.read(path)
    guard let name = name ?? weights.configuration?.system else {
      throw NetworkError.unnamed(path: path, known: Systems.all.map { $0.name })
    }
    try self.init(try Systems.named(name), weights, settings: settings)
  }

  /// The weights under the network's names, in the layout of files; made at each call.
  public var weights: Weights { network.weights(learned) }

  /// The weights with the configuration, for `SafeTensors.write`.
  public var file: Weights {
    get throws {
      var file = Weights(weights.tensors, configuration: try system.configuration)
      file.record = record
      return file
    }
  }

  package func graph(batch: Int = 1, height: Int, width: Int, scaling: Bool = true) throws -> Graph
  {
    try network.graph(batch: batch, height: height, width: width, scaling: scaling).fixing(learned)
  }

  /// The model for other programs, with its configuration in the metadata.
  public func onnx() throws -> [UInt8] {
    try network.onnx(
      weights, name: type(of: system).name, size: system.inputSize,
      metadata: [SafeTensors.configurationKey: try system.configuration.json])
  }

  /// Bytes of the weights on the host, shared by all plans of the model.
  package var weightBytes: Int { learned.bytes }
}

extension Network {
  /// Random weights as large as trained ones (He's variance), for tests, benchmarks and the start
  /// of training.
  package func randomWeights(seed: UInt64) -> Weights {
    // Marsaglia's xorshift, so that the weights of a seed stay the same from version to version.
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    func uniform() -> Float {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Float(state >> 40) / Float(1 << 24)
    }
    var tensors: [String: Tensor] = [:]
    for parameter in parameters {
      let fan = max(parameter.shape.dropFirst().reduce(1, *), 1)
      let values: [Float] = (0..<parameter.count).map { _ in
        switch true {
        case parameter.name.hasSuffix("running_var"): 0.5 + uniform()
        case parameter.shape.count == 1 && parameter.name.hasSuffix("weight"): 0.5 + uniform()
        case parameter.shape.count == 1: 0.2 * (uniform() - 0.5)
        default: (uniform() - 0.5) * (24 / Float(fan)).squareRoot()
        }
      }
      tensors[parameter.name] = Tensor(values, shape: parameter.shape)
    }
    return Weights(tensors)
  }
}
