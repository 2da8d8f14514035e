import CPUKernels

/// One step of an optimiser over one parameter, in one pass over memory.
///
/// Inputs, float32: the parameter; its gradient, of the same shape; the schedule [4]
/// (`Optimizer.schedule`); a factor [1] on the gradient (`Graph.clipping`, or 1); then the states,
/// of the parameter's shape. Outputs: the new parameter and the new states, which may overwrite the
/// old ones.
package struct OptimizerStep: NotDifferentiable {
  package static let name = "optimizer step"
  package static let obstacle = "it ends the backward pass"
  package let optimizer: Optimizer

  package init(_ optimizer: Optimizer) { self.optimizer = optimizer }

  package var parameters: String { optimizer.label }

  package var updates: [Int: Int] {
    Dictionary(uniqueKeysWithValues: (0...optimizer.states).map { ($0, $0 == 0 ? 0 : 3 + $0) })
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 4 + optimizer.states, inputs[0].element == .float32,
      (inputs[1...1] + inputs[4...]).allSatisfy({ $0 == inputs[0] }),
      inputs[2] == TensorType(.float32, Optimizer.scheduleCount),
      inputs[3] == TensorType(.float32, 1)
    else {
      throw ShapeError(
        Self.name,
        "takes a parameter, its gradient, a schedule [\(Optimizer.scheduleCount)], a factor [1] and "
          + "\(optimizer.states) states of the parameter's shape, not \(inputs)")
    }
    return [inputs[0]] + inputs[4...]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let schedule = inputs[2].values
    let (kept, new) = optimizer.remembering
    var results = [inputs[0]] + inputs[4...]
    for index in inputs[0].values.indices {
      let parameter = inputs[0].values[index]
      let gradient =
        inputs[1].values[index] * inputs[3].values[0] + optimizer.addedDecay * parameter
      let mean = inputs[4].values[index] * kept + gradient * new
      var step = gradient * schedule[1] + mean * schedule[2]
      if let moments = optimizer.moments {
        let square =
          inputs[5].values[index] * moments.square + gradient * gradient * (1 - moments.square)
        step /= square.squareRoot() * schedule[3] + moments.epsilon
        results[2].values[index] = square
      }
      results[0].values[index] = parameter * schedule[0] - step
      results[1].values[index] = mean
    }
    return results
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 15 * inputs[0].count, bytes: (inputs + outputs).bytes)
  }

  private var operands: glint_optimizer_step_operands {
    let adaptive = optimizer.states == 2
    return glint_optimizer_step_operands(
      parameter: .input(0), gradient: .input(1), schedule: .input(2), factor: .input(3),
      mean: .input(4), square: adaptive ? .input(5) : .none, new_parameter: .output(0),
      new_mean: .output(1), new_square: adaptive ? .output(2) : .none)
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("vector") { site in
      CPULaunch(
        glint_cpu_optimizer_step, optimizer.kernelParameters, operands,
        items: .fixed(site.inputs[0].count), grain: 8192)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      OpenCLLaunch(
        glint_opencl_optimizer_step,
        defines: ["ADAPTIVE": optimizer.moments == nil ? "0" : "1"],
        optimizer.kernelParameters, operands, items: site.inputs[0].count)
    }
  }

  package static var samples: [Sample] {
    let optimizers: [Optimizer] = [
      .sgd(), .sgd(momentum: 0.9, decay: 0.01), .sgd(momentum: 0.9, nesterov: true), .adam(),
      .adam(decay: 0.01), .adamW(), .nadam(), .nadam(decay: 0.01),
    ]
    return optimizers.flatMap { optimizer in
      [([1], 1), ([3, 5, 17], 7), ([1027], 1000)].map { shape, step in
        let schedule = optimizer.schedule(rate: 0.1, step: step)
        let states = (0..<optimizer.states).map {
          Reference.random(shape, $0 == 0 ? -1...1 : 0.1...1, seed: UInt64(4 + $0))
        }
        return Sample(
          OptimizerStep(optimizer),
          [
            .random(shape, -1...1, seed: 1), .random(shape, -1...1, seed: 2),
            Reference(Tensor(schedule, shape: [schedule.count])),
            Reference(Tensor([0.5], shape: [1])),
          ] + states, note: "step \(step)", .roundings(8), tiny: shape != [1027])
      }
    }
  }
}

extension Graph {
  /// The norm of several gradients together, and the factor that limits it.
  ///
  /// Both are float32 [1]; the factor is min(1, limit / (norm + 10⁻⁶)), as PyTorch's
  /// `clip_grad_norm_`. Each gradient's squares are summed in a fixed order, then these sums in the
  /// order given.
  package mutating func clipping(
    _ gradients: [Value], to limit: Float
  ) throws -> (norm: Value, factor: Value) {
    var sum = constant(Tensor([0.0], shape: [1]))
    for gradient in gradients {
      let axes = Array(type(of: gradient).shape.indices)
      let squares = try apply(Reduce(.sum, axes: axes, keepsAxes: false), gradient, gradient)
      sum = try apply(Binary(.add), sum, squares)
    }
    let norm = try apply(Elementwise(.sqrt), sum)
    let factor = try apply(
      Elementwise(
        .affine(scale: 1, shift: 1e-6), .reciprocal, .affine(scale: limit, shift: 0), .atMost(1)),
      norm)
    return (norm, factor)
  }
}
