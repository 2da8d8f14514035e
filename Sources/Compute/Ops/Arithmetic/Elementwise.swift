import CPUKernels

/// A chain of elementwise steps, applied in one pass over the tensor.
///
/// Input and output: float32 of any shape.
package struct Elementwise: EpilogueHost {
  package static let name = "elementwise"
  package let steps: [ElementwiseStep]

  /// At most eight steps; a longer chain needs two ops.
  package init(_ steps: ElementwiseStep...) {
    self.init(steps)
  }

  package init(_ steps: [ElementwiseStep]) {
    precondition(steps.count <= Int(GLINT_ELEMENTWISE_STEPS), "at most eight steps")
    self.steps = steps
  }

  package var parameters: String {
    steps.map(\.label).joined(separator: " ")
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32 else {
      throw ShapeError(Self.name, "takes one float32 tensor, not \(inputs)")
    }
    return inputs
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    [Reference(inputs[0].type, inputs[0].values.map { x in steps.reduce(x) { $1.apply($0) } })]
  }

  package func absorbing(_ more: [ElementwiseStep]) -> (any Op)? {
    steps.count + more.count <= Int(GLINT_ELEMENTWISE_STEPS) ? Elementwise(steps + more) : nil
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 2 * steps.count * inputs[0].count, bytes: 2 * inputs[0].bytes)
  }

  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    var slope: Float = 1
    for step in steps {
      guard case .affine(let scale, _) = step else {
        return [try graph.apply(ElementwiseGradient(of: self), inputs[0], given[0]!)]
      }
      slope *= scale
    }
    return [try graph.apply(Elementwise(.affine(scale: slope, shift: 0)), given[0]!)]
  }

  private var operands: glint_elementwise_operands {
    glint_elementwise_operands(in: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("vector") { site in
      let count = site.inputs[0].count
      return CPULaunch(
        glint_cpu_elementwise, kernelParameters, operands, items: .fixed(count), grain: 16384)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_elementwise, operands, { _ in kernelParameters })]
  }

  var kernelParameters: glint_elementwise_params {
    glint_elementwise_params(steps.map(\.code))
  }

  package static var samples: [Sample] {
    let chains = [1, 3, 17, 1025].map { count in
      Sample(
        Elementwise(.affine(scale: 0.37, shift: -2), .atLeast(-1.5), .atMost(3)),
        [.random([count], -10...30)], .roundings(2), tiny: count < 100)
    }
    let curved = activations.map { step in
      Sample(
        Elementwise(step), [.random([3, 5, 17], -20...20)], .relative(4 * 0x1p-23), tiny: true)
    }
    let small = activations.map { step in
      Sample(
        Elementwise(step), [.random([19], -0.001...0.001)], note: "small", .relative(4 * 0x1p-23),
        tiny: true)
    }
    let others = functions.map { step, range in
      Sample(
        Elementwise(step), [.random([3, 5, 17], range)], note: "\(range)", .roundings(6),
        tiny: true)
    }
    return chains + curved + small + others + [
      Sample(
        Elementwise(.affine(scale: -3, shift: 1)), [.random([5, 13], -1...1)],
        .roundings(2), tiny: true),
      Sample(
        Elementwise(.tanh, .elu(alpha: 1)), [.extremes], note: "extremes", .absolute(1e-6),
        tiny: true),
      Sample(
        Elementwise(.silu, .sigmoid), [.extremes], note: "extremes", .absolute(1e-6), tiny: true),
      Sample(
        Elementwise(.softplus), [.extremes], note: "extremes", .absolute(1e-6), tiny: true),
      Sample(
        Elementwise(.log), [Reference(Tensor([0, -1, 1, 0x1p-126, 3e38, .infinity], shape: [6]))],
        note: "edges", .relative(4 * 0x1p-23), tiny: true),
      Sample(
        Elementwise(.square, .affine(scale: 1, shift: 1), .log), [.random([3, 17], -3...3)],
        .roundings(6), tiny: true),
    ]
  }

  /// Each with a range of inputs in which it and its slope are of moderate size.
  private static var functions: [(ElementwiseStep, ClosedRange<Double>)] {
    [
      (.exp, -20...3), (.log, 0.3...9), (.sqrt, 0.1...9), (.square, -3...3), (.abs, -3...3),
      (.reciprocal, 0.4...9), (.sign, -3...3), (.sin, -20...20), (.cos, -20...20),
      (.sin, -1e5...1e5), (.cos, -0.7...0.7), (.sin, -0.001...0.001),
    ]
  }

  private static var activations: [ElementwiseStep] {
    [
      .relu, .leakyReLU(slope: 0.01), .elu(alpha: 1), .elu(alpha: 0.5), .silu, .sigmoid, .tanh,
      .softplus,
    ]
  }
}

extension Reference {
  /// Inputs at which exponentials overflow, vanish or cancel.
  fileprivate static var extremes: Reference {
    let values: [Float] = [0, 1e-30, -1e-30, 30, -30, 86, -86, 1000, -1000, 1e30, -1e30]
    return Reference(Tensor(values, shape: [values.count]))
  }
}
