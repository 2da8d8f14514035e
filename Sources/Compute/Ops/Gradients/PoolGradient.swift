import CPUKernels

extension Pool {
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.apply(PoolGradient(of: self), inputs[0], given[0]!)]
  }
}

/// The gradient of pooling. For a maximum it goes to the first maximum of each window in reading
/// order, for an average evenly to all pixels of the window.
///
/// Inputs: the image [batch, height, width, channels] and the gradient of the pooled image. Output:
/// as the image. Each pixel gathers from the windows that contain it, so that sums have a fixed
/// order.
package struct PoolGradient: FirstOrder {
  package static let name = "pool gradient"
  package let pool: Pool

  package init(of pool: Pool) { self.pool = pool }

  package var parameters: String { pool.parameters }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, try pool.outputs([inputs[0]]) == [inputs[1]] else {
      throw ShapeError(Self.name, "takes an image and a gradient of its pooled size, not \(inputs)")
    }
    return [inputs[0]]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (shape, pooled) = (inputs[0].type.shape, inputs[1].type.shape)
    let (rows, columns) = pool.extents(shape)
    var result = [Double](repeating: 0, count: inputs[0].type.count)
    for (index, given) in inputs[1].values.enumerated() {
      let (c, pixel) = (index % pooled[3], index / pooled[3])
      let top = pixel / pooled[2] % pooled[1] * pool.stride - rows.before
      let left = pixel % pooled[2] * pool.stride - columns.0
      let image = pixel / (pooled[1] * pooled[2]) * shape[1]
      let window = (max(top, 0)..<min(top + pool.window, shape[1])).flatMap { y in
        (max(left, 0)..<min(left + pool.window, shape[2])).map { x in
          ((image + y) * shape[2] + x) * shape[3] + c
        }
      }
      switch pool.kind {
      case .average: for place in window { result[place] += given / Double(window.count) }
      case .max:
        let most = window.map { inputs[0].values[$0] }.max()!
        result[window.first { inputs[0].values[$0] == most }!] += given
      }
    }
    return [Reference(inputs[0].type, result)]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(
      flops: inputs[1].count * pool.window * pool.window,
      bytes: 2 * inputs[0].bytes + inputs[1].bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_spatial_params {
    pool.kernelParameters(
      Site(inputs: [site.inputs[0]], outputs: [site.inputs[1]], device: site.device))
  }

  private var operands: glint_pool_gradient_operands {
    glint_pool_gradient_operands(x: .input(0), given: .input(1), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("rows") { site in
      let x = site.inputs[0].shape
      return CPULaunch(
        glint_cpu_pool_gradient, kernelParameters(site), operands,
        items: .fixed(x[0] * x[1]))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_pool_gradient, operands, kernelParameters)]
  }

  /// The samples of pooling, and images with equal values, of which the first counts.
  package static var samples: [Sample] {
    Pool.samples.flatMap { sample -> [Sample] in
      guard let pool = sample.op as? Pool else { return [] }
      let x = sample.inputs[0]
      let given = Reference.random(pool.reference([x])[0].type.shape, -1...1, seed: 5)
      let ties = Reference(x.type, x.values.map { ($0 / 6).rounded() })
      // A pixel is in at most 9 windows of 3×3: one rounding for each, and one for the division.
      return [Sample(PoolGradient(of: pool), [x, given], .absolute(10 * 0x1p-24), tiny: true)]
        + (pool.kind == .max
          ? [
            Sample(
              PoolGradient(of: pool), [ties, given], note: "ties", .absolute(10 * 0x1p-24),
              tiny: true)
          ] : [])
    }
  }
}
