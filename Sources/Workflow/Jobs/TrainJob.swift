import Compute
import Formats
import Foundation
import Networks
import Reporting

/// Trains a network by a recipe: the work of `glint train`.
public struct TrainJob {
  let recipe: TrainingRecipe
  let output: String
  let device: any Device
  let resumes: Bool
  let observer: any Observer
  let cancellation: Cancellation

  /// - Parameters:
  ///   - recipe: network, examples, schedule.
  ///   - output: the model, a safetensors file; its log and checkpoint lie beside it.
  ///   - device: computes the steps.
  ///   - resumes: continues from the checkpoint of an interrupted training.
  ///   - observer: is told of progress and notes.
  ///   - cancellation: stops the training when it is triggered; model and checkpoint are saved.
  public init(
    _ recipe: TrainingRecipe, output: String, on device: any Device, resumes: Bool = false,
    observer: any Observer = Unobserved(), cancellation: Cancellation = Cancellation()
  ) {
    self.recipe = recipe
    self.output = output
    self.device = device
    self.resumes = resumes
    self.observer = observer
    self.cancellation = cancellation
  }

  private var checkpointPath: String { output + ".checkpoint" }
  private var logPath: String { output + ".log.csv" }

  /// Trains to the last step, and saves the model. Throws what stopped it, after model and
  /// checkpoint are saved; `WeightError` if a checkpoint to resume from cannot be read.
  public func run() throws -> TrainingResult { try cancellation.watch(runWatched) }

  private func runWatched() throws -> TrainingResult {
    let settings = recipe.training
    let checkpoint = resumes ? try Checkpoint(reading: checkpointPath) : nil
    let trainer = try Trainer(recipe.system, settings, on: device, from: checkpoint)
    let log = try TrainingLog(logPath, continuing: trainer.step)
    var saved = Date()
    var sums = TrainingLog.Sums()
    while trainer.step < settings.steps {
      do { try cancellation.check() } catch {
        try save(trainer)
        observer.note(
          "stopped after \(trainer.step) of \(settings.steps) steps; --resume continues")
        throw error
      }
      let report = try trainer.advance()
      sums.add(report)
      if trainer.step % 50 == 0 || trainer.step == settings.steps {
        try log.append(trainer.step, sums)
        sums = TrainingLog.Sums()
      }
      observer.progress(RunProgress(trainer.step, of: settings.steps, .steps))
      if Date().timeIntervalSince(saved) > 300 {
        try save(trainer)
        saved = Date()
      }
    }
    try save(trainer)
    return TrainingResult(steps: trainer.step, model: output)
  }

  private func save(_ trainer: Trainer) throws {
    var weights = try trainer.weights
    weights.configuration = try recipe.system.configuration
    try SafeTensors.write(weights, to: output)
    try trainer.checkpoint.write(to: checkpointPath)
  }
}

/// What a training gave.
public struct TrainingResult: Sendable {
  public var steps: Int
  public var model: String
}

/// A table of mean losses.
private struct TrainingLog {
  private let file: FileHandle

  struct Sums {
    var reports: [Trainer.Report] = []
    mutating func add(_ report: Trainer.Report) { reports.append(report) }
  }

  init(_ path: String, continuing step: Int) throws {
    if step == 0 || !FileManager.default.fileExists(atPath: path) {
      try Data().write(to: URL(fileURLWithPath: path))
    }
    file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seekToEnd()
  }

  func append(_ step: Int, _ sums: Sums) throws {
    guard let first = sums.reports.first else { return }
    let count = Double(sums.reports.count)
    func mean(_ value: (Trainer.Report) -> Double) -> Double {
      sums.reports.reduce(0) { $0 + value($1) } / count
    }
    let names = first.terms.keys.sorted()
    if try file.offset() == 0 {
      try file.write(
        contentsOf: Data(("step,loss,norm,left out," + names.joined(separator: ",") + "\n").utf8))
    }
    let parts = names.map { name in mean { $0.terms[name] ?? .nan } }
    let numbers = [mean(\.loss), mean(\.norm), mean(\.leftOut)] + parts
    let line = ["\(step)"] + numbers.map { String(format: "%.5g", $0) }
    try file.write(contentsOf: Data((line.joined(separator: ",") + "\n").utf8))
  }
}
