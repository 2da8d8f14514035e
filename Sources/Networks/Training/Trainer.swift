import Compute
import Optics

/// A training in progress on one device: parameters and optimizer state, and the step that changes
/// them.
package final class Trainer {
  package let system: any TrainableSystem
  package let settings: TrainingSettings
  package private(set) var step = 0
  private let network: Network
  private let store: any ParameterStore
  private let executable: any Executable
  private let terms: [String]

  /// What a step gives.
  package struct Report: Sendable {
    package var loss: Double
    package var terms: [String: Double]
    package var norm: Double
    package var leftOut: Double
  }

  /// Begins with random weights, or continues with a checkpoint's.
  package init(
    _ system: any TrainableSystem, _ settings: TrainingSettings, on device: any Device,
    from checkpoint: Checkpoint? = nil
  ) throws {
    self.system = system
    self.settings = settings
    network = system.network
    let step = try TrainingStep(system, settings)
    terms = step.terms
    var values =
      checkpoint?.values
      ?? network.learnedNumbers(network.initialWeights(system.initialBiases, seed: settings.seed))
    self.step = checkpoint?.step ?? 0
    for (name, type) in step.states where values[name] == nil {
      values[name] = Tensor([Float](repeating: 0, count: type.count), shape: type.shape)
    }
    store = try device.store(values)
    executable = try device.compile(Plan(step.graph, for: device.info), store: store)
  }

  /// Does one step.
  package func advance() throws -> Report {
    let next = step + 1
    let rate = settings.rate * settings.schedule.factor(step: next, of: settings.steps)
    try executable.write("clock", RandomNumbers.clock(seed: settings.seed, step: next))
    try executable.write(
      "schedule", settings.rule.optimizer.schedule(rate: rate, step: next))
    try executable.run()
    step = next
    func number(_ name: String) throws -> Double { Double(try executable.read(name).floats[0]) }
    return Report(
      loss: try number("loss"),
      terms: try Dictionary(uniqueKeysWithValues: terms.map { ($0, try number($0)) }),
      norm: try number("norm"), leftOut: try number("left out"))
  }

  /// The network's weights as they are now, in the layout of files.
  package var weights: Weights { get throws { network.weights(try store.values) } }

  package var checkpoint: Checkpoint {
    get throws { Checkpoint(step: step, values: try store.values) }
  }
}

/// Everything that a training needs to continue with the same bits.
package struct Checkpoint: Sendable {
  package var step: Int
  /// Parameters of network and optimizer, in the layout of the graph.
  package var values: ParameterValues

  private static let stepName = "training.step"

  init(step: Int, values: ParameterValues) {
    self.step = step
    self.values = values
  }

  /// Reads a checkpoint file.
  package init(reading path: String) throws {
    var tensors = try WeightFile.read(path).tensors
    guard let step = tensors.removeValue(forKey: Self.stepName)?.floats, step.count == 2 else {
      throw WeightError.missing(tensor: Self.stepName, expected: [2], found: [])
    }
    self.step = Int(step[0]) << 20 + Int(step[1])
    values = ParameterValues(tensors)
  }

  /// Writes the file atomically.
  package func write(to path: String) throws {
    var tensors: [String: Tensor] = [:]
    for name in values.names { tensors[name] = values[name] }
    tensors[Self.stepName] = Tensor([Float(step >> 20), Float(step & 0xFFFFF)], shape: [2])
    try SafeTensors.write(Weights(tensors), to: path)
  }
}

extension Network {
  /// Random weights: normal with variance 2 / fan-in (He et al. 2015); biases 0, but for those
  /// given.
  func initialWeights(_ biases: [String: Float], seed: UInt64) -> Weights {
    var tensors: [String: Tensor] = [:]
    for (index, parameter) in parameters.enumerated() {
      let part = parameter.name.split(separator: ".").last.map(String.init) ?? ""
      var values = [Float](repeating: biases[parameter.name] ?? 0, count: parameter.count)
      if part == "running_var" || (part == "weight" && parameter.shape.count == 1) {
        values = values.map { _ in 1 }
      } else if parameter.shape.count > 1 {
        var random = RandomStream(seed: seed, purpose: 0x77_6569_6768_7473, index: index)
        let fanIn = parameter.shape.dropFirst().reduce(1, *)
        let deviation = (2 / Double(fanIn)).squareRoot()
        values = values.map { _ in Float(deviation * random.normal()) }
      }
      tensors[parameter.name] = Tensor(values, shape: parameter.shape)
    }
    return Weights(tensors)
  }

  /// Weights in the layout of the graph, without a check.
  func learnedNumbers(_ weights: Weights) -> ParameterValues {
    var values = ParameterValues()
    for parameter in parameters {
      values[parameter.name] = weights.tensors[parameter.name].map(parameter.arrangement.forGraph)
    }
    return values
  }
}
