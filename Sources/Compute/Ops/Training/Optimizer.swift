import CPUKernels
import Foundation

/// A rule that updates a parameter from its gradient; formulas and names as in PyTorch.
///
/// Values that change from step to step are not part of the rule: `schedule` computes them, and a
/// plan reads them from a tensor.
package enum Optimizer: Hashable, Sendable {
  /// Gradient descent with momentum (PyTorch's `SGD` without dampening); decay is added to the
  /// gradient.
  case sgd(momentum: Double = 0, nesterov: Bool = false, decay: Double = 0)
  /// Kingma and Ba (2015); decay is added to the gradient.
  case adam(Moments = Moments(), decay: Double = 0)
  /// Loshchilov and Hutter (2019): Adam with decay applied to the parameter itself.
  case adamW(Moments = Moments(), decay: Double = 0.01)
  /// Dozat (2016): Adam with Nesterov momentum, which grows by `momentumDecay`.
  case nadam(Moments = Moments(), momentumDecay: Double = 0.004, decay: Double = 0)

  /// The moving averages of Adam and its variants.
  package struct Moments: Hashable, Sendable {
    /// Decay rates of the mean gradient (β₁) and its mean square (β₂) per step.
    package var mean: Double
    package var square: Double
    /// Added to the root of the mean square (ε).
    package var epsilon: Double

    package init(mean: Double = 0.9, square: Double = 0.999, epsilon: Double = 1e-8) {
      self.mean = mean
      self.square = square
      self.epsilon = epsilon
    }
  }

  /// Number of state tensors, each of the parameter's shape and zero at first: the mean gradient,
  /// and except for gradient descent its mean square.
  package var states: Int { moments == nil ? 1 : 2 }

  var moments: Moments? {
    switch self {
    case .sgd: nil
    case .adam(let moments, _), .adamW(let moments, _), .nadam(let moments, _, _): moments
    }
  }

  /// One step as numbers, in a form common to all rules:
  /// parameter · keep − (gradient · g + mean · m) / (√(mean square) · scale + ε).
  struct Factors: Hashable {
    var keep = 1.0
    var gradient = 0.0
    var mean: Double
    var scale = 1.0
  }

  /// - Parameters:
  ///   - rate: the learning rate of this step.
  ///   - step: starts at 1.
  func factors(rate: Double, step: Int) -> Factors {
    /// 1 − βᵗ.
    func correction(_ beta: Double) -> Double { 1 - pow(beta, Double(step)) }
    switch self {
    case .sgd(let momentum, let nesterov, _):
      return nesterov
        ? Factors(gradient: rate, mean: rate * momentum) : Factors(mean: rate)
    case .adam(let moments, _):
      return Factors(
        mean: rate / correction(moments.mean), scale: 1 / correction(moments.square).squareRoot())
    case .adamW(let moments, let decay):
      return Factors(
        keep: 1 - rate * decay, mean: rate / correction(moments.mean),
        scale: 1 / correction(moments.square).squareRoot())
    case .nadam(let moments, let momentumDecay, _):
      func momentum(_ step: Int) -> Double {
        moments.mean * (1 - 0.5 * pow(0.96, Double(step) * momentumDecay))
      }
      var product = 1.0
      for earlier in stride(from: 1, through: step, by: 1) where product > 1e-20 {
        product *= momentum(earlier)
      }
      let (now, next) = (momentum(step), momentum(step + 1))
      return Factors(
        gradient: rate * (1 - now) / (1 - product), mean: rate * next / (1 - product * next),
        scale: 1 / correction(moments.square).squareRoot())
    }
  }

  /// The schedule input of `OptimizerStep` for one step.
  ///
  /// - Parameters:
  ///   - rate: the learning rate of this step.
  ///   - step: starts at 1.
  package func schedule(rate: Double, step: Int) -> [Float] {
    let factors = factors(rate: rate, step: step)
    return [factors.keep, factors.gradient, factors.mean, factors.scale].map(Float.init)
  }

  /// Length of a schedule.
  package static let scheduleCount = 4

  /// Decay that is added to the gradient.
  var addedDecay: Double {
    switch self {
    case .sgd(_, _, let decay), .adam(_, let decay), .nadam(_, _, let decay): decay
    case .adamW: 0
    }
  }

  /// Weights of the old mean gradient and of the new gradient.
  var remembering: (mean: Double, new: Double) {
    if case .sgd(let momentum, _, _) = self { return (momentum, 1) }
    let mean = moments?.mean ?? 0
    return (mean, 1 - mean)
  }

  var label: String {
    switch self {
    case .sgd(let momentum, let nesterov, let decay):
      "SGD \(momentum)\(nesterov ? " Nesterov" : "") decay \(decay)"
    case .adam(_, let decay): "Adam decay \(decay)"
    case .adamW(_, let decay): "AdamW decay \(decay)"
    case .nadam(_, _, let decay): "NAdam decay \(decay)"
    }
  }

  var kernelParameters: glint_optimizer_params {
    let (mean, new) = remembering
    return glint_optimizer_params(
      adaptive: moments == nil ? 0 : 1, decay: Float(addedDecay), mean_kept: Float(mean),
      mean_new: Float(new), square_kept: Float(moments?.square ?? 0),
      square_new: Float(1 - (moments?.square ?? 0)), epsilon: Float(moments?.epsilon ?? 0))
  }
}
