import Compute

/// A network together with its weights: what a run takes.
///
/// The weights are held once, checked and as the network's graphs have them; plans of all sizes share them.
public struct Model: Sendable {
  public let system: any NetworkSystem
  public let network: Network
  /// By the names of the network's parameters.
  let learned: ParameterValues

  /// Joins weights with a system; the settings come from the file where it states them, else from the
  /// shapes of its tensors.
  ///
  /// - Parameter settings: those to change, a JSON object; see `NetworkSystem.with(settings:)`.
  /// - Throws: `WeightError` where the weights are not this system's, `NetworkError` for settings that
  ///   cannot be.
  public init(
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

  /// A system with settings chosen by hand.
  public init(_ system: any NetworkSystem, _ weights: Weights) throws {
    self.system = system
    try system.checkSettings()
    network = system.network
    learned = try network.learned(type(of: system).adopt(weights))
  }

  /// Reads a file; `name` may be left out where the file states its network.
  public init(reading path: String, system name: String? = nil, settings: String = "") throws {
    let weights = try WeightFile.read(path)
    guard let name = name ?? weights.configuration?.system else {
      throw NetworkError.unnamed(path: path, known: Systems.all.map { $0.name })
    }
    try self.init(try Systems.named(name), weights, settings: settings)
  }

  /// Under the network's names, as files have them; made when asked for.
  public var weights: Weights { network.weights(learned) }

  /// The weights with the configuration, for `SafeTensors.write`.
  public var file: Weights {
    get throws { Weights(weights.tensors, configuration: try system.configuration) }
  }

  public func graph(batch: Int = 1, height: Int, width: Int, scaling: Bool = true) throws -> Graph {
    try network.graph(batch: batch, height: height, width: width, scaling: scaling).fixing(learned)
  }

  /// The model for other programs, its configuration among the metadata.
  public func onnx() throws -> [UInt8] {
    try network.onnx(
      weights, name: type(of: system).name, size: system.inputSize,
      metadata: [SafeTensors.configurationKey: try system.configuration.json])
  }

  /// Bytes of the weights on the host, which all plans of the model share.
  public var weightBytes: Int { learned.bytes }
}

extension Network {
  /// Random weights of the sizes of trained ones (He's variance), for tests, benchmarks and training's
  /// start.
  public func randomWeights(seed: UInt64) -> Weights {
    var random = SampleGenerator(seed: seed)
    func uniform() -> Float { Float(random.next() >> 40) / Float(1 << 24) }
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
