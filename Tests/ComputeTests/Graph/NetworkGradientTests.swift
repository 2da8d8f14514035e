import Testing

@testable import Compute

/// Gradients of whole networks.
@Suite struct NetworkGradientTests {
  /// A small U-Net: convolution, batch norm, ELU, max pool, convolution, SiLU, enlargement, the
  /// skip beside it, 1×1, sigmoid; the sum of squared differences from a target is the loss.
  private struct Network {
    var graph = Graph()
    var inputs: [String: Reference] = [:]
    var weights: [(name: String, value: Graph.Value)] = []

    init(withGradients: Bool = true) throws {
      let shape = [2, 6, 10, 1]
      let image = input("image", shape, -1...1)
      let target = input("target", shape, 0...1)
      let sums = try graph.apply(
        Convolution(bias: true), image, weight("w1", [3, 3, 1, 4]), weight("b1", [4]))
      let norm = try graph.apply(
        BatchNorm(.batch), sums, weight("scale", [4], 0.5...1.5), weight("shift", [4]))
      let skip = try graph.apply(Elementwise(.elu(alpha: 1)), norm)
      let pooled = try graph.apply(Pool(.max), skip)
      let deep = try graph.apply(
        Convolution(bias: true), pooled, weight("w2", [3, 3, 4, 5]), weight("b2", [5]))
      let large = try graph.apply(
        Upsample(.nearest), graph.apply(Elementwise(.silu), deep))
      let sides = try graph.apply(Concat(), large, skip)
      let map = try graph.apply(
        Elementwise(.sigmoid),
        graph.apply(
          Convolution(bias: true), sides, weight("w3", [1, 1, 9, 1]), weight("b3", [1])))
      let difference = try graph.apply(
        Add(), map, graph.apply(Elementwise(.affine(scale: -1, shift: 0)), target))
      let loss = try graph.apply(
        Reduce(.sum, axes: Array(shape.indices), keepsAxes: false), difference, difference)
      graph.output("loss", loss)
      guard withGradients else { return }
      let gradients = try graph.gradients(of: loss, withRespectTo: weights.map(\.value))
      for (weight, gradient) in zip(weights, gradients) {
        graph.output("d \(weight.name)", try #require(gradient))
      }
    }

    private mutating func input(
      _ name: String, _ shape: [Int], _ range: ClosedRange<Double>
    ) -> Graph.Value {
      inputs[name] = .random(shape, range, seed: UInt64(inputs.count + 1))
      return graph.input(name, TensorType(.float32, shape))
    }

    private mutating func weight(
      _ name: String, _ shape: [Int], _ range: ClosedRange<Double> = -0.5...0.5
    ) -> Graph.Value {
      let value = input(name, shape, range)
      weights.append((name, value))
      return value
    }

    func run(on device: any Device) throws -> (plan: Plan, gradients: [String: Tensor]) {
      let executable = try device.compile(Plan(graph, for: device.info))
      for (name, input) in inputs { try executable.write(name, input.tensor.bytes) }
      try executable.run()
      func read() throws -> [String: Tensor] {
        try Dictionary(
          uniqueKeysWithValues: weights.map { ($0.name, try executable.read("d \($0.name)")) })
      }
      let first = try read()
      try executable.run()
      #expect(try read() == first, "\(device.info.name): a second run differs")
      return (executable.plan, first)
    }
  }

  /// Every weight is changed a little up and down, in the whole reference graph.
  @Test func everyWeightAgreesWithFiniteDifferences() throws {
    let network = try Network()
    let found = network.graph.evaluate(network.inputs)
    let loss = try Network(withGradients: false).graph
    for (name, _) in network.weights {
      var point = network.inputs
      for element in point[name]!.values.indices {
        let x = point[name]!.values[element]
        func value(_ x: Double) -> Double {
          point[name]!.values[element] = x
          return loss.evaluate(point)["loss"]!.values[0]
        }
        let step = 1e-5
        let expected = (value(x + step) - value(x - step)) / (2 * step)
        point[name]!.values[element] = x
        let gradient = found["d \(name)"]!.values[element]
        // The convolution's bias has no gradient, because batch norm removes it.
        #expect(abs(gradient - expected) <= 1e-7 * max(1, abs(expected)), "\(name)[\(element)]")
        if name != "b1" { #expect(abs(expected) > 1e-9, "\(name)[\(element)] does nothing") }
      }
    }
  }

  /// Each op of the plan may round once per term of its sums; the bound is their total, relative to
  /// the largest gradient.
  @Test func devicesAgreeWithinTheSummedBound() throws {
    let network = try Network()
    let expected = network.graph.evaluate(network.inputs)
    let scale = network.weights.flatMap { expected["d \($0.name)"]!.values }
      .reduce(0) { max($0, abs($1)) }
    for device in Devices.all {
      let (plan, gradients) = try network.run(on: device)
      let terms = plan.steps.reduce(0.0) { sum, step in
        let outputs = step.types.outputs
        let work = step.op.work(step.types.inputs, outputs)
        return sum + Double(work.flops) / Double(outputs.reduce(0) { $0 + $1.count }) + 1
      }
      for (name, gradient) in gradients {
        let worst = zip(gradient.values, expected["d \(name)"]!.values)
          .reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(
          worst <= terms * 0x1p-24 * scale, "\(device.info.name) \(name): off by \(worst)")
      }
    }
  }

  /// The order of every sum depends only on shapes, so the number of threads changes no bit.
  @Test func threadsDoNotChangeGradients() throws {
    let network = try Network()
    let alone = try network.run(on: CPUDevice(threads: 1)).gradients
    #expect(try network.run(on: CPUDevice(threads: 3)).gradients == alone)
  }

  /// Plans fuse after gradients have been taken; a graph that is built fused has the same
  /// gradients.
  @Test func fusedOpsHaveTheGradientsOfTheirParts() throws {
    let x = Reference.random([2, 4, 5, 3], -1...1, seed: 1)
    let values: [(String, Reference)] = [
      ("x", x), ("w", .random([3, 3, 3, 3], -1...1, seed: 2)),
      ("b", .random([3], -1...1, seed: 3)), ("scale", .random([3], 0.5...1, seed: 4)),
      ("shift", .random([3], -1...1, seed: 5)),
    ]
    /// y = tanh(scale · elu(conv x + b) + shift + x), with x in it twice.
    func gradients(fused: Bool) throws -> [String: Reference] {
      var graph = Graph()
      let (image, w, b, scale, shift) = (
        graph.input("x", values[0].1.type), graph.input("w", values[1].1.type),
        graph.input("b", values[2].1.type), graph.input("scale", values[3].1.type),
        graph.input("shift", values[4].1.type)
      )
      let y: Graph.Value
      if fused {
        let steps: [EpilogueStep] = [
          .bias, .each(.elu(alpha: 1)), .scaleShift, .add, .each(.tanh),
        ]
        let op = try #require(Convolution(steps: steps))
        y = try graph.apply(op, to: [image, w, b, scale, shift, image])[0]
      } else {
        let sums = try graph.apply(Convolution(bias: true), image, w, b)
        let affine = try graph.apply(
          ChannelAffine(), graph.apply(Elementwise(.elu(alpha: 1)), sums), scale, shift)
        y = try graph.apply(Elementwise(.tanh), graph.apply(Add(), affine, image))
      }
      let gradients = try graph.gradients(of: y, withRespectTo: [image, w, b, scale, shift])
      for (value, gradient) in zip(values, gradients) {
        graph.output(value.0, try #require(gradient))
      }
      return graph.evaluate(Dictionary(uniqueKeysWithValues: values))
    }
    let (parts, whole) = (try gradients(fused: false), try gradients(fused: true))
    for (name, _) in values {
      let worst = zip(parts[name]!.values, whole[name]!.values)
        .reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(worst < 1e-12, "\(name): off by \(worst)")
    }
  }
}
