import CPUKernels

/// Weights with input and output channels exchanged, for gradients of convolutions.
///
/// Input: float32 [… channels, outputs]; output: [… outputs, channels]. `flipped` also reverses the
/// taps (the axes before), so that the gradient of a convolution of stride 1 is a convolution.
package struct TurnWeights: Op {
  package static let name = "turn weights"
  package let flipped: Bool

  package init(flipped: Bool = false) { self.flipped = flipped }

  package var parameters: String { flipped ? "flipped" : "" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].shape.count >= 2, inputs[0].element == .float32 else {
      throw ShapeError(Self.name, "takes float32 weights [… channels×outputs], not \(inputs)")
    }
    let shape = inputs[0].shape
    return [TensorType(.float32, shape.dropLast(2) + [shape.last!, shape[shape.count - 2]])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let shape = inputs[0].type.shape
    let (outputs, channels) = (shape.last!, shape[shape.count - 2])
    let taps = shape.dropLast(2).reduce(1, *)
    let values = (0..<taps).flatMap { tap in
      (0..<outputs).flatMap { k in
        (0..<channels).map { c in
          inputs[0].values[((flipped ? taps - 1 - tap : tap) * channels + c) * outputs + k]
        }
      }
    }
    let type = TensorType(.float32, shape.dropLast(2) + [outputs, channels])
    return [Reference(type, values)]
  }

  /// The op is its own inverse and adjoint.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.apply(self, given[0]!)]
  }

  private func kernelParameters(_ site: Site) -> glint_turn_params {
    let shape = site.inputs[0].shape
    return glint_turn_params(
      taps: Int32(shape.dropLast(2).reduce(1, *)), channels: Int32(shape[shape.count - 2]),
      outputs: Int32(shape.last!), flipped: flipped ? 1 : 0)
  }

  private var operands: glint_turn_weights_operands {
    glint_turn_weights_operands(in: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("rows") { site in
      CPULaunch(
        glint_cpu_turn_weights, kernelParameters(site), operands,
        items: .fixed(site.outputs[0].pixels), grain: 16)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_turn_weights, operands, kernelParameters)]
  }

  package static var samples: [Sample] {
    [false, true].flatMap { flipped in
      [[1, 1, 1, 1], [3, 3, 5, 17], [2, 1, 16, 3], [7, 13]].map {
        Sample(TurnWeights(flipped: flipped), [.random($0, -9...9)], .exact, tiny: true)
      }
    }
  }
}
