import CPUKernels

/// The gradient through a chain of elementwise steps: the given gradient times the derivative.
///
/// Inputs: the chain's input and the gradient of its result, float32 of one shape. Output: the
/// same.
package struct ElementwiseGradient: FirstOrder {
  package static let name = "elementwise gradient"
  package let chain: Elementwise

  package init(of chain: Elementwise) { self.chain = chain }

  package var parameters: String { chain.parameters }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    [try pair(inputs)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let values = zip(inputs[0].values, inputs[1].values).map { x, given in
      var (x, slope) = (x, 1.0)
      for step in chain.steps {
        slope *= step.slope(x)
        x = step.apply(x)
      }
      return given * slope
    }
    return [Reference(inputs[0].type, values)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 4 * chain.steps.count * inputs[0].count, bytes: 3 * inputs[0].bytes)
  }

  private var operands: glint_elementwise_gradient_operands {
    glint_elementwise_gradient_operands(x: .input(0), given: .input(1), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("vector") { site in
      CPULaunch(
        glint_cpu_elementwise_gradient, chain.kernelParameters, operands,
        items: .fixed(site.inputs[0].count), grain: 16384)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_elementwise_gradient, operands, { _ in chain.kernelParameters })]
  }

  /// The samples of the chains, each with a gradient.
  package static var samples: [Sample] {
    Elementwise.samples.compactMap { sample in
      guard let chain = sample.op as? Elementwise else { return nil }
      let x = sample.inputs[0]
      return Sample(
        ElementwiseGradient(of: chain),
        [x, .random(x.type.shape, -1...1, seed: 5)], note: sample.note,
        chain.steps.contains(where: \.isFunction) ? .roundings(16) : .absolute(4 * 0x1p-23),
        tiny: sample.tiny)
    }
  }
}

extension Op {
  /// The type of two float32 tensors of one shape: values and a gradient.
  func pair(_ inputs: [TensorType]) throws(ShapeError) -> TensorType {
    guard inputs.count == 2, inputs[0] == inputs[1], inputs[0].element == .float32 else {
      throw ShapeError(
        name, "takes float32 values and a gradient of the same shape, not \(inputs)")
    }
    return inputs[0]
  }
}
