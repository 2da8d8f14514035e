import Compute
import Foundation

/// How a network is trained: examples, optimizer, learning rate.
package struct TrainingSettings: Codable, Hashable, Sendable {
  package var examples = ExampleSettings()
  package var rule = Rule.adamW(decay: 0.1)
  package var rate = 6e-4
  package var schedule = Schedule.cosine(least: 0.01, warmUp: 200)
  /// Largest norm of all gradients together; nil for no limit.
  package var clip: Double? = 0.03
  package var steps = 10_000
  package var seed: UInt64 = 1
  package var validation = ValidationSettings()
  /// The training ends after this many validations without a better loss; nil for never.
  package var patience: Int?

  package struct ValidationSettings: Codable, Hashable, Sendable {
    /// Steps from one validation to the next; nil for a hundredth of all.
    package var every: Int?
    /// Batches that it takes.
    package var batches = 10
  }

  /// Steps from one validation to the next.
  package func interval(of steps: Int) -> Int { validation.every ?? max(50, steps / 100) }

  package enum Rule: Codable, Hashable, Sendable {
    case sgd(momentum: Double)
    case adam(decay: Double)
    case adamW(decay: Double)
    case nadam(decay: Double)

    var optimizer: Optimizer {
      switch self {
      case .sgd(let momentum): .sgd(momentum: momentum)
      case .adam(let decay): .adam(decay: decay)
      case .adamW(let decay): .adamW(decay: decay)
      case .nadam(let decay): .nadam(decay: decay)
      }
    }
  }

  package init() {}
}

/// The learning rate of each step, relative to the first.
package enum Schedule: Codable, Hashable, Sendable {
  case constant
  /// Multiplied by `factor` every `steps`.
  case stairs(factor: Double, steps: Int)
  /// Multiplied by `factor`, down to `least`, after `patience` validations without a better loss.
  case plateau(factor: Double, patience: Int, least: Double)
  /// Half a cosine from 1 to `least`, after a linear rise over the first `warmUp` steps.
  case cosine(least: Double, warmUp: Int)

  /// - Parameters:
  ///   - step: starts at 1.
  ///   - steps: of the whole training.
  package func factor(step: Int, of steps: Int) -> Double {
    switch self {
    case .constant, .plateau: return 1
    case .stairs(let factor, let each): return pow(factor, Double((step - 1) / max(each, 1)))
    case .cosine(let least, let warmUp):
      if step <= warmUp { return Double(step) / Double(warmUp) }
      let done = min(1, Double(step - warmUp) / Double(max(steps - warmUp, 1)))
      return least + (1 - least) * 0.5 * (1 + cos(.pi * done))
    }
  }
}
