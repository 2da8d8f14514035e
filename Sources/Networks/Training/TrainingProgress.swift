import Compute
import Foundation
import Reporting

/// How far a training is, and what validations have shown; part of its checkpoint.
package struct TrainingProgress: Codable, Hashable, Sendable {
  /// Steps that are done.
  package var step = 0
  /// Steps of the whole training.
  package var steps: Int
  /// Factor of the learning rate, from plateaus and restarts.
  package var rateFactor = 1.0
  package var restarts = 0
  /// Validation losses: the first after some steps, and the best.
  package var firstLoss: Double?
  package var bestLoss: Double?
  package var bestStep = 0
  /// Validations since the best one, and since the rate was lowered.
  package var sinceBest = 0
  package var sinceLowered = 0
  /// Whether the training ended early.
  package var isStopped = false

  static let mostRestarts = 5

  package init(steps: Int) { self.steps = steps }

  /// What a validation says.
  package enum Verdict: Hashable, Sendable {
    case better
    case worse
    /// The rate was lowered.
    case plateau
    /// There was no better loss for long.
    case stopped
    case diverged
  }

  /// A training has diverged if its loss is not a number, or is more than half above that of the
  /// first validation. The loss before the first step says nothing: it is that of random weights.
  package mutating func judge(_ loss: Double, _ settings: TrainingSettings) -> Verdict {
    guard loss.isFinite else { return .diverged }
    guard step > 0 else { return .worse }
    guard let first = firstLoss, let best = bestLoss else {
      (firstLoss, bestLoss, bestStep) = (loss, loss, step)
      return .better
    }
    if loss > first + 0.5 * abs(first) { return .diverged }
    if loss < best {
      (bestLoss, bestStep, sinceBest, sinceLowered) = (loss, step, 0, 0)
      return .better
    }
    sinceBest += 1
    sinceLowered += 1
    if let patience = settings.patience, sinceBest >= patience {
      isStopped = true
      return .stopped
    }
    if case .plateau(let factor, let patience, let least) = settings.schedule,
      sinceLowered >= patience, rateFactor > least
    {
      rateFactor = max(rateFactor * factor, least)
      sinceLowered = 0
      return .plateau
    }
    return .worse
  }
}

/// Everything that a training needs to continue with the same bits.
package struct Checkpoint: Sendable {
  package var progress: TrainingProgress
  /// Parameters of network and optimizer, in the layout of the graph.
  package var values: ParameterValues

  private static let key = "glint.training"

  package init(progress: TrainingProgress, values: ParameterValues) {
    self.progress = progress
    self.values = values
  }

  /// Reads a checkpoint file.
  ///
  /// Throws `WeightError` if it cannot be read, `TrainingError` if it is no checkpoint.
  package init(reading path: String) throws {
    let file = try WeightFile.read(path)
    guard let text = file.texts[Self.key],
      let progress = try? JSONDecoder().decode(TrainingProgress.self, from: Data(text.utf8))
    else { throw TrainingError.noCheckpoint(path) }
    self.progress = progress
    values = ParameterValues(file.tensors)
  }

  /// The file's bytes.
  package func encoded() throws -> [UInt8] {
    var tensors: [String: Tensor] = [:]
    for name in values.names { tensors[name] = values[name] }
    var file = Weights(tensors)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    file.texts[Self.key] = String(decoding: try encoder.encode(progress), as: UTF8.self)
    return try SafeTensors.encode(file)
  }
}

/// Why a training cannot go on.
package enum TrainingError: Fault {
  case diverged(step: Int)
  case noCheckpoint(String)

  package var message: Message {
    switch self {
    case .diverged(let step):
      "the training diverged at step \(step), \(TrainingProgress.mostRestarts + 1) times"
    case .noCheckpoint(let path): "\(path) is no checkpoint of a training"
    }
  }

  package var remedy: Message? {
    switch self {
    case .diverged: "lower `rate` in the recipe, or make its examples more alike"
    case .noCheckpoint: "a checkpoint lies beside the model and ends with .checkpoint"
    }
  }
}
