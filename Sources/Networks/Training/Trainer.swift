import Compute
import Reporting

/// A training in progress on one device: parameters and optimizer state, the step that changes them,
/// and what validations have shown.
///
/// ```swift
/// let trainer = try Trainer(DECODE(), settings, on: device)
/// while !trainer.isDone {
///   try trainer.advance()
///   if trainer.isTimeToValidate { verdict = try trainer.judge(trainer.validate().loss) }
/// }
/// ```
package final class Trainer {
  package let system: any TrainableSystem
  package let settings: TrainingSettings
  package private(set) var progress: TrainingProgress
  private let network: Network
  private let device: any Device
  private let store: any ParameterStore
  private let executable: any Executable
  /// Names of the parts of the loss.
  package let terms: [String]
  /// Made when it is first needed.
  private var validation: Validation?
  /// The state after the last validation that was no failure.
  private var good: Checkpoint

  /// What a step gives.
  package struct Report: Sendable {
    package var loss: Double
    package var terms: [String: Double]
    package var norm: Double
    package var leftOut: Double
    package var rate: Double
  }

  /// Begins with random weights or with a model's, or continues with a checkpoint's.
  ///
  /// - Parameter initial: weights to start from.
  /// - Throws: `WeightError` if these do not belong to the network, `ParameterError` if a checkpoint
  ///   does not, `DeviceError`.
  package init(
    _ system: any TrainableSystem, _ settings: TrainingSettings, on device: any Device,
    from checkpoint: Checkpoint? = nil, initial: Weights? = nil
  ) throws {
    self.system = system
    self.settings = settings
    self.device = device
    network = system.network
    let step = try TrainingStep(system, settings)
    terms = step.terms
    var values: ParameterValues
    if let checkpoint {
      values = checkpoint.values
    } else if let initial {
      values = try network.learned(type(of: system).adopt(initial))
    } else {
      values = network.learnedNumbers(
        network.initialWeights(
          system.initialWeights, system.initialBiases, seed: settings.seed))
    }
    progress = checkpoint?.progress ?? TrainingProgress(steps: settings.steps)
    for (name, type) in step.states where values[name] == nil {
      values[name] = Tensor([Float](repeating: 0, count: type.count), shape: type.shape)
    }
    good = Checkpoint(progress: progress, values: values)
    store = try device.store(values)
    executable = try device.compile(Plan(step.graph, for: device.info), store: store)
  }

  /// Memory of a step, bytes: activations, gradients and scratch, without parameters.
  package var stepBytes: Int { executable.plan.bytes }

  package var isDone: Bool { progress.step >= progress.steps || progress.isStopped }

  package var isTimeToValidate: Bool {
    isDone || progress.step % settings.interval(of: progress.steps) == 0
  }

  /// Changes the number of steps, and with it the schedule, before the training is under way.
  package func fit(steps: Int) { progress.steps = max(steps, progress.step + 1) }

  /// Does one step.
  @discardableResult
  package func advance() throws -> Report {
    let next = progress.step + 1
    let rate =
      settings.rate * progress.rateFactor
      * settings.schedule.factor(step: next, of: progress.steps)
    try executable.write("clock", RandomNumbers.clock(seed: settings.seed, step: next))
    try executable.write(
      "schedule", settings.rule.optimizer.schedule(rate: rate, step: next))
    try executable.run()
    progress.step = next
    func number(_ name: String) throws -> Double { Double(try executable.read(name).floats[0]) }
    return Report(
      loss: try number("loss"),
      terms: try Dictionary(uniqueKeysWithValues: terms.map { ($0, try number($0)) }),
      norm: try number("norm"), leftOut: try number("left out"), rate: rate)
  }

  /// The network as it is now on simulated movies of its own.
  package func validate(until cancellation: Cancellation = Cancellation()) throws
    -> Validation.Result
  {
    let validation = try validation ?? Validation(system, settings, on: device, store)
    self.validation = validation
    return try validation.run(batches: settings.validation.batches, until: cancellation)
  }

  /// Takes note of a validation's loss.
  package func judge(_ loss: Double) throws -> TrainingProgress.Verdict {
    let verdict = progress.judge(loss, settings)
    if verdict != .diverged { good = try checkpoint }
    return verdict
  }

  /// Goes back to the state after the last validation that was no failure, with half the rate.
  ///
  /// - Throws: `TrainingError.diverged` if this was done too often.
  package func restart() throws {
    guard progress.restarts < TrainingProgress.mostRestarts else {
      throw TrainingError.diverged(step: progress.step)
    }
    var earlier = good.progress
    earlier.rateFactor = progress.rateFactor / 2
    earlier.restarts = progress.restarts + 1
    progress = earlier
    for name in good.values.names {
      if let tensor = good.values[name] { try store.write(name, tensor.bytes) }
    }
  }

  /// The network's weights as they are now, in the layout of files.
  package var weights: Weights { get throws { network.weights(try store.values) } }

  package var checkpoint: Checkpoint {
    get throws { Checkpoint(progress: progress, values: try store.values) }
  }
}
