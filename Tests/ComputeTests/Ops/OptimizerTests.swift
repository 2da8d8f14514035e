import Foundation
import Testing

@testable import Compute

/// Optimisers over several steps, compared with PyTorch's loops written in Double.
@Suite struct OptimizerTests {
  static let rates = [0.1, 0.05, 0.2, 0.01, 0.1, 0.1]

  /// The gradient at step t (from 1) of the parameters x.
  private static func gradient(_ x: [Double], _ step: Int) -> [Double] {
    x.enumerated().map { sin(Double($0 * 3 + step)) + 0.3 * $1 }
  }

  private static let start = [0.5, -1.25, 2, 0.125, -0.75]

  /// `torch.optim.SGD`, `Adam`, `AdamW` and `NAdam` with `foreach=False`.
  private static func torch(_ optimizer: Optimizer) -> [Double] {
    var x = start
    var m = start.map { _ in 0.0 }
    var v = m
    var product = 1.0
    for (index, rate) in rates.enumerated() {
      let step = index + 1
      let given = gradient(x, step)
      if case .nadam(let moments, let decay, _) = optimizer {
        product *= moments.mean * (1 - 0.5 * pow(0.96, Double(step) * decay))
      }
      for k in x.indices {
        var g = given[k]
        switch optimizer {
        case .sgd(let momentum, let nesterov, let decay):
          g += decay * x[k]
          m[k] = step == 1 ? g : momentum * m[k] + g
          x[k] -= rate * (nesterov ? g + momentum * m[k] : momentum == 0 ? g : m[k])
        case .adam(let moments, let decay):
          g += decay * x[k]
          move(moments, g, &m[k], &v[k])
          x[k] -= rate / (1 - pow(moments.mean, Double(step))) * m[k] / root(moments, v[k], step)
        case .adamW(let moments, let decay):
          x[k] *= 1 - rate * decay
          move(moments, g, &m[k], &v[k])
          x[k] -= rate / (1 - pow(moments.mean, Double(step))) * m[k] / root(moments, v[k], step)
        case .nadam(let moments, let momentumDecay, let decay):
          g += decay * x[k]
          let now = moments.mean * (1 - 0.5 * pow(0.96, Double(step) * momentumDecay))
          let next = moments.mean * (1 - 0.5 * pow(0.96, Double(step + 1) * momentumDecay))
          move(moments, g, &m[k], &v[k])
          let denominator = root(moments, v[k], step)
          x[k] -= rate * (1 - now) / (1 - product) * g / denominator
          x[k] -= rate * next / (1 - product * next) * m[k] / denominator
        }
      }
    }
    return x
  }

  private static func move(
    _ moments: Optimizer.Moments, _ g: Double, _ m: inout Double, _ v: inout Double
  ) {
    m += (g - m) * (1 - moments.mean)
    v = v * moments.square + g * g * (1 - moments.square)
  }

  private static func root(_ moments: Optimizer.Moments, _ v: Double, _ step: Int) -> Double {
    v.squareRoot() / (1 - pow(moments.square, Double(step))).squareRoot() + moments.epsilon
  }

  @Test(arguments: [
    Optimizer.sgd(), .sgd(momentum: 0.9, decay: 0.1), .sgd(momentum: 0.9, nesterov: true), .adam(),
    .adam(Optimizer.Moments(mean: 0.8, square: 0.99, epsilon: 1e-3), decay: 0.1),
    .adamW(decay: 0.1), .nadam(), .nadam(momentumDecay: 0.1, decay: 0.1),
  ])
  func stepsFollowPyTorch(_ optimizer: Optimizer) throws {
    let type = TensorType(.float32, Self.start.count)
    var graph = Graph()
    let names = ["x", "gradient", "schedule"] + (0..<optimizer.states).map { "state\($0)" }
    var inputs = names.map {
      graph.input($0, $0 == "schedule" ? TensorType(.float32, Optimizer.scheduleCount) : type)
    }
    inputs.insert(graph.constant(1, TensorType(.float32, 1)), at: 3)
    let outputs = try graph.apply(OptimizerStep(optimizer), to: inputs)
    // State: each new value overwrites the old one.
    for (value, name) in zip(outputs, ["x"] + names.dropFirst(3)) { graph.output(name, value) }
    let expected = Self.torch(optimizer)
    for device in Devices.all {
      let executable = try device.compile(Plan(graph, for: device.info))
      try executable.write("x", Self.start.map(Float.init))
      for state in names.dropFirst(3) {
        try executable.write(state, [Float](repeating: 0, count: type.count))
      }
      var x = Self.start
      for (index, rate) in Self.rates.enumerated() {
        try executable.write("gradient", Self.gradient(x, index + 1).map(Float.init))
        try executable.write("schedule", optimizer.schedule(rate: rate, step: index + 1))
        try executable.run()
        x = try executable.read("x").values
      }
      for (value, wanted) in zip(x, expected) {
        #expect(abs(value - wanted) < 2e-6 * max(1, abs(wanted)), "\(device.info.name)")
      }
    }
  }

  @Test func overwritesWhatItSays() {
    #expect(OptimizerStep(.sgd()).updates == [0: 0, 1: 4])
    #expect(OptimizerStep(.adam()).updates == [0: 0, 1: 4, 2: 5])
  }

  /// Long after the start, NAdam's product of momenta is zero, and its factors are finite.
  @Test func lateStepsAreFinite() {
    let schedule = Optimizer.nadam().schedule(rate: 1e-3, step: 1_000_000)
    #expect(schedule.allSatisfy { $0.isFinite })
    #expect(abs(schedule[3] - 1) < 1e-6)
  }

  /// The norm and factor that `torch.nn.utils.clip_grad_norm_` has.
  @Test(arguments: [(Float(1.0)), 100]) func clippingKeepsTheNorm(_ limit: Float) throws {
    let shapes = [[3, 5, 7], [1], [1031]]
    var graph = Graph()
    let inputs = shapes.indices.map { graph.input("g\($0)", TensorType(.float32, shapes[$0])) }
    let clipping = try graph.clipping(inputs, to: limit)
    graph.output("norm", clipping.norm)
    graph.output("factor", clipping.factor)
    let values = shapes.enumerated().map { Reference.random($1, -2...2, seed: UInt64($0)) }
    let squares = values.flatMap(\.values).reduce(0) { $0 + $1 * $1 }
    let norm = squares.squareRoot()
    var seen: Set<[UInt32]> = []
    for device in Devices.all {
      let executable = try device.compile(Plan(graph, for: device.info))
      for (index, value) in values.enumerated() {
        try executable.write("g\(index)", value.values.map(Float.init))
      }
      try executable.run()
      let found = try executable.read("norm")
      #expect(abs(found.values[0] - norm) < 1e-5 * norm)
      let factor = try executable.read("factor")
      #expect(abs(factor.values[0] - min(1, Double(limit) / (norm + 1e-6))) < 1e-6)
      seen.insert(found.patterns + factor.patterns)
    }
    #expect(seen.count == 1, "devices differ")
  }
}
