import CPUKernels

extension PReLU {
  /// The slope's gradient sums over values below zero, and over all channels if they share one
  /// slope.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let type = graph.type(of: inputs[0])
    var parts = [try graph.apply(Elementwise(.atMost(0)), inputs[0]), given[0]!]
    if graph.type(of: inputs[1]).count < type.channels {
      parts = try parts.map { try graph.apply(Reshape([type.count, 1]), $0) }
    }
    return [
      try graph.apply(PReLUGradient(), inputs[0], inputs[1], given[0]!),
      try graph.sumOverPixels(parts[0], parts[1]),
    ]
  }
}

/// The gradient of a PReLU with respect to its input.
///
/// Inputs: x [… channels], slope [1] or [channels], gradient of the result (as x). Output: as x.
package struct PReLUGradient: FirstOrder {
  package static let name = "prelu gradient"

  package init() {}

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 3, inputs[2] == inputs[0] else {
      throw ShapeError(Self.name, "takes x, slopes and a gradient of the shape of x, not \(inputs)")
    }
    return try PReLU().outputs(Array(inputs[..<2]))
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (slopes, channels) = (inputs[1].values, inputs[0].type.channels)
    let values = inputs[0].values.enumerated().map { index, x in
      inputs[2].values[index] * (x < 0 ? slopes[index % channels % slopes.count] : 1)
    }
    return [Reference(inputs[0].type, values)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: inputs[0].count, bytes: 3 * inputs[0].bytes)
  }

  private var operands: glint_prelu_gradient_operands {
    glint_prelu_gradient_operands(
      x: .input(0), slopes: .input(1), given: .input(2), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("pixels") { site in
      CPULaunch(
        glint_cpu_prelu_gradient, PReLU.kernelParameters(site), operands,
        items: .fixed(site.inputs[0].pixels), grain: 512)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_prelu_gradient, operands, PReLU.kernelParameters)]
  }

  package static var samples: [Sample] {
    PReLU.samples.map { sample in
      Sample(
        PReLUGradient(), sample.inputs + [.random(sample.inputs[0].type.shape, -1...1, seed: 5)],
        .roundings(1), tiny: true)
    }
  }
}
