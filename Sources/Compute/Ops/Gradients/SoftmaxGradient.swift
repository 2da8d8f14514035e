import CPUKernels

extension Softmax {
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.apply(SoftmaxGradient(), outputs[0], given[0]!)]
  }
}

/// The gradient through a softmax: y (g − Σ g y), with the sum over the last axis.
///
/// Inputs: the softmax's result y and its gradient g. Output: as y.
package struct SoftmaxGradient: FirstOrder {
  package static let name = "softmax gradient"

  package init() {}

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try Softmax().outputs([pair(inputs)])
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let type = inputs[0].type
    let values = (0..<type.pixels).flatMap { pixel in
      let range = pixel * type.channels..<(pixel + 1) * type.channels
      let sum = range.reduce(0) { $0 + inputs[0].values[$1] * inputs[1].values[$1] }
      return range.map { inputs[0].values[$0] * (inputs[1].values[$0] - sum) }
    }
    return [Reference(type, values)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 4 * inputs[0].count, bytes: 3 * inputs[0].bytes)
  }

  private var operands: glint_softmax_gradient_operands {
    glint_softmax_gradient_operands(y: .input(0), given: .input(1), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("pixels") { site in
      CPULaunch(
        glint_cpu_softmax_gradient, site.channels(), operands,
        items: .fixed(site.inputs[0].pixels), grain: 64)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("pixels") { site in
      OpenCLLaunch(
        glint_opencl_softmax_gradient, site.channels(), operands,
        items: site.inputs[0].pixels)
    }
  }

  package static var samples: [Sample] {
    [[1, 1], [5, 3], [13, 17], [3, 65]].map { shape in
      let y = Softmax().reference([.random(shape, -3...3)])[0]
      return Sample(
        SoftmaxGradient(), [Reference(y.tensor), .random(shape, -1...1, seed: 5)],
        .absolute(Double(shape[1] + 3) * 0x1p-24), tiny: true)
    }
  }
}
