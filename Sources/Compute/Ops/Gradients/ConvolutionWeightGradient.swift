import CPUKernels

/// The adjoint of a convolution with respect to its weights: for each tap, input channel and output
/// channel, the sum over pixels of the image's value times the gradient of the result.
///
/// Inputs: the image [batch, height, width, channels] and the gradient of the result [batch,
/// height', width', outputs]. Output: [kernel height, kernel width, channels, outputs]. A matrix
/// product over all pixels; partial sums over groups of pixels, which depend only on the shape, are
/// added in order.
package struct ConvolutionWeightGradient: Op {
  package static let name = "convolution weight gradient"
  let convolution: Convolution
  package let kernel: (height: Int, width: Int)

  /// - Parameter convolution: only its geometry is used.
  package init(of convolution: Convolution, kernel: (height: Int, width: Int)) {
    precondition(convolution.enlargement == 1, "gradients are taken before images are enlarged")
    self.convolution = convolution.with(.none)
    self.kernel = kernel
  }

  package var parameters: String {
    "\(convolution.parameters) \(kernel.height)×\(kernel.width)"
  }

  private func weights(_ inputs: [TensorType]) -> TensorType {
    TensorType(.float32, kernel.height, kernel.width, inputs[0].channels, inputs[1].channels)
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, inputs[1].shape.count == 4 else {
      throw ShapeError(Self.name, "takes an image and the gradient of a result, not \(inputs)")
    }
    guard try convolution.outputs([inputs[0], weights(inputs)]) == [inputs[1]] else {
      throw ShapeError(Self.name, "a convolution of \(inputs[0]) does not give \(inputs[1])")
    }
    return [weights(inputs)]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (x, g) = (inputs[0].type.shape, inputs[1].type.shape)
    let type = weights(inputs.map(\.type))
    let top = convolution.extent(x[1], kernel.height, vertical: true).before
    let left = convolution.extent(x[2], kernel.width, vertical: false).before
    var result = [Double](repeating: 0, count: type.count)
    for pixel in 0..<g[0] * g[1] * g[2] {
      let (ox, oy, n) = (pixel % g[2], pixel / g[2] % g[1], pixel / (g[1] * g[2]))
      for tap in 0..<kernel.height * kernel.width {
        let iy = oy * convolution.stride - top + tap / kernel.width * convolution.dilation
        let ix = ox * convolution.stride - left + tap % kernel.width * convolution.dilation
        guard iy >= 0, iy < x[1], ix >= 0, ix < x[2] else { continue }
        for c in 0..<x[3] {
          let value = inputs[0].values[((n * x[1] + iy) * x[2] + ix) * x[3] + c]
          let base = (tap * x[3] + c) * g[3]
          for k in 0..<g[3] { result[base + k] += value * inputs[1].values[pixel * g[3] + k] }
        }
      }
    }
    return [Reference(type, result)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 2 * inputs[1].pixels * outputs[0].count, bytes: (inputs + outputs).bytes)
  }

  /// Linear in both inputs; the given gradient takes the place of the weights.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [
      try convolution.imageGradient(
        inputs[1], weights: given[0]!, to: graph.type(of: inputs[0]), in: &graph),
      try graph.apply(convolution, inputs[0], given[0]!),
    ]
  }

  /// Parameters, with the output rows per part in `block`, and the number of parts: enough for many
  /// threads, at most 32 MiB of partial sums.
  private func plan(_ site: Site, padded: Int) -> (parameters: glint_conv_params, parts: Int) {
    let forward = Site(
      inputs: [site.inputs[0], site.outputs[0]], outputs: [site.inputs[1]], device: site.device)
    var parameters = convolution.kernelParameters(forward)
    let g = site.inputs[1].shape
    let rows = g[0] * g[1]
    let bytes = 4 * kernel.height * kernel.width * site.inputs[0].channels * padded
    let most = max(1, min(rows, 64 / kernel.height, (32 << 20) / bytes))
    let block = (rows + most - 1) / most
    parameters.block = Int32(block)
    return (parameters, (rows + block - 1) / block)
  }

  private let partial = glint_weight_gradient_operands(
    x: .input(0), given: .input(1), partial: .workspace(0))
  private let sum = glint_weight_parts_operands(partial: .workspace(0), out: .output(0))

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("rows") { site in
        let (g, w) = (site.inputs[1].shape, site.outputs[0].shape)
        let lanes = site.device.preferredWidth
        let padded = (g[3] + lanes - 1) / lanes * lanes
        let (parameters, parts) = plan(site, padded: padded)
        let slices = (w[2] + Int(GLINT_WEIGHT_SLICE) - 1) / Int(GLINT_WEIGHT_SLICE)
        return .launches(
          [
            CPULaunch(
              glint_cpu_weight_gradient, parameters, partial,
              items: .fixed(parts * w[0] * slices), scratch: 4 * g[2] * padded),
            CPULaunch(
              glint_cpu_weight_parts, parameters, sum,
              items: .fixed(w[0] * w[1] * w[2]), grain: 16),
          ], workspace: [TensorType(.float32, parts, w[0] * w[1] * w[2], padded)])
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] { [tile, direct] }

  private func launches(
    _ site: Site, _ launch: (glint_conv_params, _ parts: Int) -> OpenCLLaunch
  ) -> Lowering<OpenCLLaunch> {
    let w = site.outputs[0]
    let (parameters, parts) = plan(site, padded: w.channels)
    return .launches(
      [
        launch(parameters, parts),
        OpenCLLaunch(glint_opencl_weight_parts, parameters, sum, items: w.count),
      ], workspace: [TensorType(.float32, parts, w.pixels, w.channels)])
  }

  /// A matrix product through local memory.
  private var tile: Candidate<OpenCLLaunch> {
    Candidate("tile") { site in
      let w = site.outputs[0]
      guard w.pixels >= 8, w.channels >= 8 else {
        return .declined("with \(w.pixels)×\(w.channels) weights most of a tile would be empty")
      }
      guard site.forced || site.device.kind != .openCLCPU else {
        return .declined(Convolution.noCopies)
      }
      let channels = w.channels > 32 ? 64 : 32
      return launches(site) { parameters, parts in
        let groups =
          parts * ((w.pixels + 63) / 64) * ((w.channels + channels - 1) / channels)
        return OpenCLLaunch(
          glint_opencl_weight_tile, defines: ["TILE": "\(channels)"], parameters, partial,
          items: groups, global: [groups * 64])
      }
    }
  }

  private var direct: Candidate<OpenCLLaunch> {
    Candidate("direct") { site in
      let w = site.outputs[0]
      return launches(site) { parameters, parts in
        OpenCLLaunch(
          glint_opencl_weight_gradient, parameters, partial,
          items: parts * w.pixels * ((w.channels + 7) / 8))
      }
    }
  }

  package static var samples: [Sample] {
    (Convolution.geometries + Convolution.wideGeometries).flatMap {
      convolution, x, kernel, outputs -> [Sample] in
      let op = ConvolutionWeightGradient(of: convolution, kernel: (kernel, kernel))
      let g = convolution.output(x, [kernel, kernel, x[3], outputs])
      return [
        Sample(
          op, [.random(x, -1...1, seed: 5), .random(g, -1...1, seed: 6)],
          .magnitude(Double(g[0] * g[1] * g[2] + 1)), tiny: x[3] * outputs < 200),
        Sample(
          op, [.random(x, -3...3, seed: 7).rounded, .random(g, -3...3, seed: 8).rounded],
          note: "integers", .exact, tiny: x[3] * outputs < 200),
      ]
    }
  }
}
