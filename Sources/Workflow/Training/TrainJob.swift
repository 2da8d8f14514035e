import Compute
import Formats
import Foundation
import Microscopy
import Networks
import Reporting

/// Trains a network by a recipe: the work of `glint train`.
///
/// Beside the model lie its log (`.log.csv`), its curve (`.png`), a report (`.json`) and, until the
/// training is complete, a checkpoint.
public struct TrainJob {
  let recipe: TrainingRecipe
  let output: String
  let device: any Device
  let minutes: Double?
  let resumes: Bool
  let overwrite: Bool
  let observer: any Observer
  let cancellation: Cancellation

  /// - Parameters:
  ///   - recipe: network, examples, schedule.
  ///   - output: the model, a safetensors file.
  ///   - device: computes the steps.
  ///   - minutes: a budget; the number of steps, and with it the schedule, is fitted to it.
  ///   - resumes: continues from the checkpoint of an interrupted training.
  ///   - overwrite: replaces an existing model.
  ///   - observer: is told of progress and scores.
  ///   - cancellation: stops the training when it is triggered; model and checkpoint are saved.
  public init(
    _ recipe: TrainingRecipe, output: String, on device: any Device,
    minutes: Double? = nil, resumes: Bool = false, overwrite: Bool = false,
    observer: any Observer = Unobserved(), cancellation: Cancellation = Cancellation()
  ) {
    self.recipe = recipe
    self.output = output
    self.device = device
    self.minutes = minutes
    self.resumes = resumes
    self.overwrite = overwrite
    self.observer = observer
    self.cancellation = cancellation
  }

  private var checkpointPath: String { output + ".checkpoint" }

  /// Trains to the last step. The model is the one with the best validation loss.
  ///
  /// Throws what stopped it, after the checkpoint is saved; `SettingsError` for an impossible recipe
  /// or an output that exists; `TrainingError`, `WeightError`.
  public func run() throws -> TrainingReport { try cancellation.watch(runWatched) }

  private func runWatched() throws -> TrainingReport {
    try recipe.check()
    let checkpoint = try checkNames()
    let start = try recipe.start.map {
      try ShippedModel.named($0)?.weights() ?? WeightFile.read($0)
    }
    let trainer = try Trainer(
      recipe.system, recipe.training, on: device, from: checkpoint, initial: start)
    var log = try TrainingLog(
      output + ".log.csv", terms: trainer.terms, continuing: checkpoint?.progress.step)
    if checkpoint == nil {
      try validate(trainer, Sums(), &log)
      try fitToBudget(trainer)
    }
    var sums = Sums()
    while !trainer.isDone {
      do { try cancellation.check() } catch {
        try StagedFile.write(trainer.checkpoint.encoded(), to: checkpointPath, overwrite: true)
        observer.note(
          """
          stopped after \(trainer.progress.step) of \(trainer.progress.steps) steps; \
          \(trainer.progress.bestStep == 0 ? "there is no model yet" : "\(output) has the best model"); \
          \(.resume) continues
          """)
        throw error
      }
      let report = try trainer.advance()
      sums.add(report)
      observer.progress(RunProgress(trainer.progress.step, of: trainer.progress.steps, .steps))
      if !report.loss.isFinite || !report.norm.isFinite {
        try restart(trainer, "the loss is not a number")
        sums = Sums()
      } else if trainer.isTimeToValidate {
        try validate(trainer, sums, &log)
        sums = Sums()
      }
    }
    let result = try report(trainer, log)
    try StagedFile.write(result.json(), to: output + ".json", overwrite: true)
    return result
  }

  /// Refuses names that exist, and reads the checkpoint if the training continues.
  private func checkNames() throws -> Checkpoint? {
    guard output.hasSuffix(".safetensors") else {
      throw SettingsError(
        "\(output) cannot hold a model", hint: "choose a name that ends with .safetensors")
    }
    let files = FileManager.default
    if resumes {
      guard files.fileExists(atPath: checkpointPath) else {
        throw SettingsError(
          "there is no training to continue: \(checkpointPath) does not exist",
          hint: "omit \(.resume) to begin")
      }
      return try Checkpoint(reading: checkpointPath)
    }
    for path in [output, checkpointPath] where files.fileExists(atPath: path) && !overwrite {
      throw SettingsError(
        "\(path) exists", hint: "\(.resume) continues its training, \(.force) begins anew")
    }
    return nil
  }

  /// Chooses the number of steps that the budget has time for.
  private func fitToBudget(_ trainer: Trainer) throws {
    guard let minutes else { return }
    // The first steps compile and fill caches, and validations take some time.
    for _ in 0..<5 { try trainer.advance() }
    let start = SteadyClock.seconds
    for _ in 0..<20 { try trainer.advance() }
    let each = (SteadyClock.seconds - start) / 20
    trainer.fit(steps: Int(0.95 * 60 * minutes / each))
    observer.note(
      """
      a step takes \(String(format: "%.2g", each)) s, so that \(trainer.progress.steps) steps fit into \
      \(String(format: "%.3g", minutes)) minutes
      """)
  }

  private func validate(_ trainer: Trainer, _ sums: Sums, _ log: inout TrainingLog) throws {
    let result = try trainer.validate(until: cancellation)
    let scores = try TrainingScores(
      result, step: trainer.progress.step, recipe.system, recipe.training.examples)
    switch try trainer.judge(scores.loss) {
    case .diverged:
      return try restart(trainer, "the loss rose to \(String(format: "%.4g", scores.loss))")
    case .better: try save(trainer, scores)
    case .plateau:
      observer.note("no better loss for long: the learning rate is lowered")
    case .stopped:
      observer.note(
        """
        ended at step \(scores.step): \(trainer.progress.sinceBest) validations have not lowered the \
        loss of step \(trainer.progress.bestStep)
        """)
    case .worse: break
    }
    observer.note("\(scores.words)")
    log.append(sums.entry(scores))
    try StagedFile.write(Array(log.text.utf8), to: output + ".log.csv", overwrite: true)
    try StagedFile.write(trainer.checkpoint.encoded(), to: checkpointPath, overwrite: true)
    try TrainingCurve(entries: log.entries).picture.writePNG(
      to: output + ".png", overwrite: true)
  }

  private func restart(_ trainer: Trainer, _ reason: String) throws {
    let step = trainer.progress.step
    try trainer.restart()
    observer.note(
      """
      warning: \(reason) at step \(step); the training goes on from step \(trainer.progress.step) with \
      half the learning rate
      """)
  }

  private func save(_ trainer: Trainer, _ scores: TrainingScores) throws {
    var weights = try trainer.weights
    weights.configuration = try recipe.system.configuration
    weights.record = TrainingRecord(
      examples: recipe.training.examples, steps: scores.step, of: trainer.progress.steps)
    try StagedFile.write(SafeTensors.encode(weights), to: output, overwrite: true)
  }

  private func report(_ trainer: Trainer, _ log: TrainingLog) throws -> TrainingReport {
    TrainingReport(
      model: output, steps: trainer.progress.step, bestStep: trainer.progress.bestStep,
      restarts: trainer.progress.restarts, isEarly: trainer.progress.isStopped,
      seconds: log.entries.reduce(0) { $0 + $1.seconds }, stepMemory: trainer.stepBytes,
      device: device.info.name,
      network: type(of: recipe.system).name, settings: try recipe.system.configuration.settings,
      training: recipe.training,
      scores: log.entries.last { $0.scores.step == trainer.progress.bestStep }?.scores)
  }
}

/// What the steps between two validations gave.
private struct Sums {
  var reports: [Trainer.Report] = []
  let start = SteadyClock.seconds

  mutating func add(_ report: Trainer.Report) { reports.append(report) }

  func entry(_ scores: TrainingScores) -> TrainingLog.Entry {
    func mean(_ value: (Trainer.Report) -> Double) -> Double {
      reports.reduce(0) { $0 + value($1) } / Double(reports.count)
    }
    var terms: [String: Double] = [:]
    for name in reports.first?.terms.keys.sorted() ?? [] {
      terms[name] = mean { $0.terms[name] ?? .nan }
    }
    return TrainingLog.Entry(
      scores: scores, loss: mean(\.loss), terms: terms, norm: mean(\.norm),
      leftOut: mean(\.leftOut), rate: reports.last?.rate ?? 0,
      seconds: SteadyClock.seconds - start)
  }
}

/// What a training gave.
public struct TrainingReport: Codable, Sendable {
  public var model: String
  public var steps: Int
  /// The step of the model.
  public var bestStep: Int
  /// How often the training diverged and went on with a lower rate.
  public var restarts: Int
  /// Whether it ended before its last step, because the loss became no better.
  public var isEarly: Bool
  public var seconds: Double
  /// Of one step, bytes: activations, gradients and scratch, without parameters.
  public var stepMemory: Int
  public var device: String
  public var network: String
  public var settings: String
  package var training: TrainingSettings
  /// Of the model; nil if nothing was better than random weights.
  public var scores: TrainingScores?
  public var version = glintVersion

  func json() throws -> Data { try JSONEncoder.indented.encode(self) }
}
