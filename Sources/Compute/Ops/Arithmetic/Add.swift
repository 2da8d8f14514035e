import CPUKernels

/// The sum of two float32 tensors of one shape.
package struct Add: Op {
  package static let name = "add"

  package init() {}

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, inputs[0] == inputs[1], inputs[0].element == .float32 else {
      throw ShapeError(Self.name, "takes two float32 tensors of one shape, not \(inputs)")
    }
    return [inputs[0]]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    [Reference(inputs[0].type, zip(inputs[0].values, inputs[1].values).map { $0 + $1 })]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: inputs[0].count, bytes: 3 * inputs[0].bytes)
  }

  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [given[0], given[0]]
  }

  private var operands: glint_add_operands {
    glint_add_operands(left: .input(0), right: .input(1), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("vector") { site in
      CPULaunch(
        glint_cpu_add, glint_no_params(), operands, items: .fixed(site.inputs[0].count),
        grain: 16384)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_add, operands, { _ in glint_no_params() })]
  }

  package static var samples: [Sample] {
    [1, 13, 1027].map { count in
      Sample(
        Add(), [.random([count], -9...9, seed: 1), .random([count], -9...9, seed: 2)],
        .roundings(1), tiny: count < 100)
    }
  }
}
