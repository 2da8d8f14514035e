import COpenBLAS
import CPUKernels

extension Convolution {
  /// Winograd F(4×4) comes first: a quarter of the products and about three times the rounding
  /// error of plain summation. The more precise F(2×2) can be chosen by name.
  package var cpu: [Candidate<CPULaunch>] {
    [
      winograd(4, error: 32), lines, product, winograd(2, error: 4), library, direct,
    ]
  }

  /// Packs the weights into the layout that a kernel reads.
  static let packing = glint_packing_operands(w: .input(1), packed: .prepared(0))

  /// F(m×m, 3×3): tiles of m × m outputs from (m + 2)² products per pair of channels.
  ///
  /// `error`: the transforms' sums of absolute coefficients, squared for two axes, over the 9 terms
  /// that they replace.
  private func winograd(_ m: Int, error: Double) -> Candidate<CPULaunch> {
    Candidate("winograd\(m)", error: error) { site in
      let (w, y) = (site.inputs[1].shape, site.outputs[0].shape)
      guard w[0] == 3, w[1] == 3, stride == 1 else {
        return .declined("it needs a 3×3 kernel and stride 1")
      }
      let pads = [
        extent(site.inputs[0].shape[1], 3, vertical: true).before,
        extent(site.inputs[0].shape[2], 3, vertical: false).before,
      ]
      guard enlargement == 1 || (pads == [1, 1] && dilation == 1) else {
        return .declined("an enlarged image needs a padding of 1 and no dilation")
      }
      guard w[2] >= 4, w[3] >= 4 else {
        return .declined("with \(w[2])→\(w[3]) channels the transforms cost too much")
      }
      func tiles(_ size: Int) -> Int {
        ((size + dilation - 1) / dilation + m - 1) / m * dilation
      }
      let count = y[0] * tiles(y[1]) * tiles(y[2])
      guard m == 2 || count * m * m <= 3 * y[0] * y[1] * y[2] else {
        return .declined("at \(y[1])×\(y[2]) pixels its tiles would be mostly padding")
      }
      let lanes = site.device.preferredWidth
      let points = (m + 2) * (m + 2)
      let packed = TensorType(.float32, points * w[2] * rounded(w[3], lanes))
      // With few tiles at a time, their transforms stay in the second-level cache. More tiles if
      // the weights do not fit beside them and must be read again for every block.
      let block = share(count, atMost: packed.bytes > 1 << 20 ? 56 : 28, site)
      let point = ((w[2] + lanes - 1) / lanes * block | 1) * lanes
      var parameters = kernelParameters(site)
      parameters.block = Int32(block)
      parameters.stream = streams(site)
      return .launches(
        [
          CPULaunch(
            m == 4 ? glint_cpu_conv_winograd4_tiles : glint_cpu_conv_winograd2_tiles, parameters,
            epilogue.operands(.prepared(0)),
            items: .fixed((count + block - 1) / block),
            scratch: 4 * (points * (point + block * 3 * lanes) + rounded(w[2], lanes)))
        ],
        preparing: [
          CPULaunch(
            m == 4 ? glint_cpu_conv_winograd4_weights : glint_cpu_conv_winograd2_weights,
            parameters.ofWeights, Self.packing, items: .fixed(w[2]))
        ], prepared: [packed])
    }
  }

  /// Patches of the image times the weights; a 1×1 kernel needs no patches.
  private var product: Candidate<CPULaunch> {
    Candidate("gemm") { site in
      let (w, y) = (site.inputs[1].shape, site.outputs[0].shape)
      let lanes = site.device.preferredWidth
      let depth = w[0] * w[1] * w[2]
      let pixels = y[0] * y[1] * y[2]
      let block = share(pixels, atMost: depth > 2048 ? 28 : 56, site)
      var parameters = kernelParameters(site)
      parameters.block = Int32(block)
      parameters.stream = streams(site)
      return .launches(
        [
          CPULaunch(
            glint_cpu_conv_gemm, parameters, epilogue.operands(.prepared(0)),
            items: .fixed((pixels + block - 1) / block),
            scratch: 4 * block * (rounded(depth, lanes) + 3 * lanes))
        ],
        preparing: [
          CPULaunch(
            glint_cpu_conv_gemm_weights, parameters.ofWeights, Self.packing, items: .fixed(depth),
            grain: 64)
        ], prepared: [TensorType(.float32, depth * rounded(w[3], lanes))])
    }
  }

  /// For small kernels of few channels: no patches, only the image's rows.
  private var lines: Candidate<CPULaunch> {
    Candidate("lines") { site in
      let (w, y) = (site.inputs[1].shape, site.outputs[0].shape)
      let depth = w[0] * w[1] * w[2]
      guard dilation == 1, enlargement == 1 else {
        return .declined("it needs an image that is neither enlarged nor dilated")
      }
      guard depth <= 256 else {
        return .declined("with \(depth) terms of a sum the weights would be read too often")
      }
      var parameters = kernelParameters(site)
      if w[0] == 1, w[1] == 1, stride == 1, site.inputs[0].shape == y.dropLast() + [w[2]] {
        // Every output pixel is made of the input pixel at its place: one long row.
        let pixels = Int32(y[0] * y[1] * y[2])
        parameters.batch = 1
        (parameters.height, parameters.width) = (1, pixels)
        (parameters.out_height, parameters.out_width) = (1, pixels)
      }
      parameters.block = Int32(share(Int(parameters.out_width), atMost: 128))
      parameters.stream = streams(site)
      let rows = Int(parameters.batch * parameters.out_height)
      let parts = (parameters.out_width + parameters.block - 1) / parameters.block
      let reach = (Int(parameters.block) - 1) * stride + w[1]
      return .launches(
        [
          CPULaunch(
            glint_cpu_conv_lines, parameters, epilogue.operands(.prepared(0)),
            items: .fixed(rows * Int(parts)), scratch: 4 * w[0] * reach * w[2])
        ],
        preparing: [
          CPULaunch(
            glint_cpu_conv_gemm_weights, kernelParameters(site).ofWeights, Self.packing,
            items: .fixed(depth), grain: 64)
        ],
        prepared: [TensorType(.float32, depth * rounded(w[3], site.device.preferredWidth))])
    }
  }

  /// OpenBLAS' matrix product of patches and weights: used by name, or where measured to be faster.
  private var library: Candidate<CPULaunch> {
    Candidate("blas") { site in
      let (w, y) = (site.inputs[1].shape, site.outputs[0].shape)
      let lanes = site.device.preferredWidth
      guard lanes == CPUDevice.InstructionSet.present[0].lanes else {
        return .declined("OpenBLAS always uses the widest instructions of the processor")
      }
      if let obstacle = OpenBLAS.obstacle {
        return .declined("OpenBLAS cannot be used: \(obstacle)")
      }
      let depth = w[0] * w[1] * w[2]
      let pixels = y[0] * y[1] * y[2]
      // OpenBLAS packs the weights at each call, so a call should cover many pixels.
      let block = share(pixels, atMost: min(512, max(128, (1 << 19) / depth)), site)
      var parameters = kernelParameters(site)
      let plain =
        depth == w[2] && stride == 1 && site.inputs[0].shape[1...2] == y[1...2]
        && parameters.pad_top == 0 && parameters.pad_left == 0
      parameters.block = Int32(block)
      parameters.stream = streams(site)
      return .launches([
        CPULaunch(
          glint_cpu_conv_blas,
          glint_blas_params(
            conv: parameters, product: glint_openblas_product, plain: plain ? 1 : 0),
          epilogue.operands(), items: .fixed((pixels + block - 1) / block),
          scratch: 4 * block * (rounded(w[3], lanes) + (plain ? 0 : rounded(depth, lanes))))
      ])
    }
  }

  private var direct: Candidate<CPULaunch> {
    Candidate("direct") { site in
      let y = site.outputs[0].shape
      return .launches([
        CPULaunch(
          glint_cpu_conv_direct, kernelParameters(site), epilogue.operands(),
          items: .fixed(y[0] * y[1]))
      ])
    }
  }

  /// 1 if stores bypass the caches: the result is too large to stay there, and each vector is a
  /// whole cache line, so that no line needs to be read before it is written.
  private func streams(_ site: Site) -> Int32 {
    let place = site.writtenRange
    let lines = site.device.preferredWidth == 16 && site.outputs[0].channels % 16 == 0
    return lines && place.pitch % 16 == 0 && place.first % 16 == 0
      && site.outputs[0].bytes > 8 << 20 ? 1 : 0
  }

  private func rounded(_ count: Int, _ lanes: Int) -> Int { (count + lanes - 1) / lanes * lanes }

  /// Items per block, such that blocks are nearly equal and every thread gets the same number.
  private func share(_ count: Int, atMost most: Int, _ site: Site) -> Int {
    share(count, atMost: most, threads: site.device.units)
  }

  private func share(_ count: Int, atMost most: Int, threads: Int = 1) -> Int {
    let blocks = ((count + most - 1) / most + threads - 1) / threads * threads
    return max((count + blocks - 1) / blocks, min(4, count))
  }
}

extension glint_conv_params {
  /// What packing of weights depends on: nothing of the image, so that plans for images of different
  /// sizes share packed weights.
  var ofWeights: glint_conv_params {
    var parameters = glint_conv_params()
    parameters.channels = channels
    parameters.out_channels = out_channels
    parameters.kernel_height = kernel_height
    parameters.kernel_width = kernel_width
    return parameters
  }
}
