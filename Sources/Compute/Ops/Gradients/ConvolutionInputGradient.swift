import CPUKernels

/// The adjoint of a convolution with respect to its image: each pixel sums over the results that it
/// contributed to. A transposed convolution to a stated size, with any padding and dilation.
///
/// Inputs: the gradient of the result [batch, height', width', outputs] and weights in the order of
/// `TurnWeights`, [kernel height, kernel width, outputs, channels]. Output: [batch, height,
/// width, channels].
package struct ConvolutionInputGradient: TransposedKernels {
  package static let name = "convolution input gradient"
  let convolution: Convolution
  package let height: Int
  package let width: Int

  /// - Parameter convolution: only its geometry is used.
  package init(of convolution: Convolution, height: Int, width: Int) {
    precondition(convolution.enlargement == 1, "gradients are taken before images are enlarged")
    self.convolution = convolution.with(.none)
    self.height = height
    self.width = width
  }

  package var parameters: String { "\(convolution.parameters) to \(height)×\(width)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.shape.count == 4 && $0.element == .float32 }),
      inputs[0].channels == inputs[1].shape[2]
    else {
      throw ShapeError(
        Self.name,
        "takes [batch×height×width×outputs] and weights [height×width×outputs×channels], not "
          + "\(inputs)")
    }
    let (g, w) = (inputs[0].shape, inputs[1].shape)
    let fitting = [
      convolution.extent(height, w[0], vertical: true).out,
      convolution.extent(width, w[1], vertical: false).out,
    ]
    guard fitting == [g[1], g[2]] else {
      throw ShapeError(
        Self.name,
        "an image of \(height)×\(width) gives \(fitting[0])×\(fitting[1]), not \(g[1])×\(g[2])")
    }
    return [TensorType(.float32, g[0], height, width, w[3])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (g, w) = (inputs[0].type.shape, inputs[1].type.shape)
    let top = convolution.extent(height, w[0], vertical: true).before
    let left = convolution.extent(width, w[1], vertical: false).before
    let type = TensorType(.float32, g[0], height, width, w[3])
    var result = [Double](repeating: 0, count: type.count)
    for pixel in 0..<g[0] * g[1] * g[2] {
      let (ox, oy, n) = (pixel % g[2], pixel / g[2] % g[1], pixel / (g[1] * g[2]))
      for tap in 0..<w[0] * w[1] {
        let iy = oy * convolution.stride - top + tap / w[1] * convolution.dilation
        let ix = ox * convolution.stride - left + tap % w[1] * convolution.dilation
        guard iy >= 0, iy < height, ix >= 0, ix < width else { continue }
        let base = ((n * height + iy) * width + ix) * w[3]
        for k in 0..<g[3] {
          let given = inputs[0].values[pixel * g[3] + k]
          let taps = (tap * g[3] + k) * w[3]
          for c in 0..<w[3] { result[base + c] += given * inputs[1].values[taps + c] }
        }
      }
    }
    return [Reference(type, result)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 2 * inputs[0].pixels * inputs[1].count, bytes: (inputs + outputs).bytes)
  }

  /// Linear in both inputs: the gradient for the first is the convolution, for the weights its
  /// weight gradient.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let shape = graph.type(of: inputs[1]).shape
    let turned = try graph.apply(TurnWeights(), inputs[1])
    let weights = try graph.apply(
      ConvolutionWeightGradient(of: convolution, kernel: (shape[0], shape[1])), given[0]!,
      inputs[0])
    return [
      try graph.apply(convolution, given[0]!, turned), try graph.apply(TurnWeights(), weights),
    ]
  }

  var epilogue: Epilogue { .none }

  func kernelParameters(_ site: Site) -> glint_conv_params {
    let w = site.inputs[1].shape
    return glint_conv_params(
      site, stride: convolution.stride, dilation: convolution.dilation,
      top: convolution.extent(height, w[0], vertical: true).before,
      left: convolution.extent(width, w[1], vertical: false).before, epilogue: epilogue)
  }

  package static var samples: [Sample] {
    Convolution.geometries.flatMap { convolution, x, kernel, outputs -> [Sample] in
      let op = ConvolutionInputGradient(of: convolution, height: x[1], width: x[2])
      let g = convolution.output(x, [kernel, kernel, x[3], outputs])
      let weights = [kernel, kernel, outputs, x[3]]
      return [
        Sample(
          op, [.random(g, -1...1, seed: 5), .random(weights, -1...1, seed: 6)],
          .magnitude(Double(kernel * kernel * outputs + 1)), tiny: true),
        Sample(
          op, [.random(g, -3...3, seed: 7).rounded, .random(weights, -3...3, seed: 8).rounded],
          note: "integers", .exact, tiny: true),
      ]
    }
  }
}
