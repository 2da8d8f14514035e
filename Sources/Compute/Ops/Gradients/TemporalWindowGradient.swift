import CPUKernels

extension TemporalWindow {
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.apply(TemporalWindowGradient(of: self), given[0]!)]
  }
}

/// The adjoint of temporal windows: each frame sums over the windows that contain it.
///
/// Input: float32 [frames, height, width, (2 radius + 1) channels]. Output: [frames, height, width,
/// channels].
package struct TemporalWindowGradient: Adjoint {
  package static let name = "temporal window gradient"
  let linear: TemporalWindow

  package init(of window: TemporalWindow = TemporalWindow()) { linear = window }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let width = 2 * linear.radius + 1
    guard inputs.count == 1, inputs[0].shape.count == 4, inputs[0].element == .float32,
      inputs[0].channels % width == 0
    else {
      throw ShapeError(Self.name, "takes windows of \(width) frames as channels, not \(inputs)")
    }
    try linear.checkLength(inputs[0].shape[0], op: Self.name)
    return [TensorType(.float32, inputs[0].shape.dropLast() + [inputs[0].channels / width])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (shape, width) = (inputs[0].type.shape, 2 * linear.radius + 1)
    let (values, channels) = (shape[1] * shape[2], shape[3] / width)
    let type = TensorType(.float32, shape.dropLast() + [channels])
    var result = [Double](repeating: 0, count: type.count)
    for (index, given) in inputs[0].values.enumerated() {
      let (c, j) = (index % channels, index / channels % width)
      let (value, n) = (index / (channels * width) % values, index / (channels * width) / values)
      let frame = linear.frame(j - linear.radius, from: n, of: shape[0])
      result[(frame * values + value) * channels + c] += given
    }
    return [Reference(type, result)]
  }

  private func kernelParameters(_ site: Site) -> glint_window_gradient_params {
    glint_window_gradient_params(window: linear.kernelParameters(site.reversed), one: 1)
  }

  private var operands: glint_window_gradient_operands {
    glint_window_gradient_operands(given: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("frames") { site in
      CPULaunch(
        glint_cpu_window_gradient, kernelParameters(site), operands,
        items: .fixed(site.inputs[0].shape[0]))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_window_gradient, operands, kernelParameters)]
  }

  package static var samples: [Sample] {
    [(1, 1, 3, nil), (4, 1, 1, nil), (3, 2, 17, nil), (2, 3, 2, nil), (6, 1, 5, 3)].map {
      frames, radius, channels, length in
      // A single frame gets all values of its window, an edge frame at most radius + … + 1 values.
      let terms = Double((radius + 1) * (radius + 2) / 2 + radius + 1)
      return Sample(
        TemporalWindowGradient(of: TemporalWindow(radius: radius, length: length)),
        [.random([frames, 3, 5, (2 * radius + 1) * channels], -1...1, seed: 5)],
        .absolute(terms * terms * 0x1p-24), tiny: true)
    }
  }
}
