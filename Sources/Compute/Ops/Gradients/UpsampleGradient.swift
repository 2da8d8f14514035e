import CPUKernels

extension Upsample {
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.apply(UpsampleGradient(of: self), given[0]!)]
  }
}

/// The adjoint of enlargement: each pixel sums, with their weights, the enlarged pixels it affects.
///
/// Input: float32 [batch, height · factor, width · factor, channels]. Output: [batch, height,
/// width, channels].
package struct UpsampleGradient: Adjoint {
  package static let name = "upsample gradient"
  let linear: Upsample

  package init(of upsample: Upsample) { linear = upsample }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let factor = linear.factor
    guard inputs.count == 1, inputs[0].shape.count == 4, inputs[0].element == .float32,
      inputs[0].shape[1] % factor == 0, inputs[0].shape[2] % factor == 0
    else {
      throw ShapeError(Self.name, "takes an image enlarged \(factor) times, not \(inputs)")
    }
    let y = inputs[0].shape
    return [TensorType(.float32, y[0], y[1] / factor, y[2] / factor, y[3])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let y = inputs[0].type.shape
    let (height, width) = (y[1] / linear.factor, y[2] / linear.factor)
    let type = TensorType(.float32, y[0], height, width, y[3])
    var result = [Double](repeating: 0, count: type.count)
    for (index, given) in inputs[0].values.enumerated() {
      let (c, pixel) = (index % y[3], index / y[3])
      for (iy, v) in linear.weights(pixel / y[2] % y[1], height) {
        for (ix, u) in linear.weights(pixel % y[2], width) {
          result[((pixel / (y[1] * y[2]) * height + iy) * width + ix) * y[3] + c] += v * u * given
        }
      }
    }
    return [Reference(type, result)]
  }

  private func kernelParameters(_ site: Site) -> glint_spatial_params {
    linear.kernelParameters(site.reversed)
  }

  private var operands: glint_upsample_gradient_operands {
    glint_upsample_gradient_operands(given: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("rows") { site in
      let x = site.outputs[0].shape
      return CPULaunch(
        glint_cpu_upsample_gradient, kernelParameters(site), operands,
        items: .fixed(x[0] * x[1]))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_upsample_gradient, operands, kernelParameters)]
  }

  package static var samples: [Sample] {
    Upsample.samples.compactMap { sample in
      guard let upsample = sample.op as? Upsample else { return nil }
      let x = sample.inputs[0].type.shape
      let factor = upsample.factor
      // (2 factor)² terms, whose weights add up to about factor².
      let terms = Double(4 * factor * factor + 4)
      return Sample(
        UpsampleGradient(of: upsample),
        [.random([x[0], x[1] * factor, x[2] * factor, x[3]], -1...1, seed: 5)],
        .absolute(terms * Double(factor * factor) * 0x1p-24), tiny: true)
    }
  }
}
