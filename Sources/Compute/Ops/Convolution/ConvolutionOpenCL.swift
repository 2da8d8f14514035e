import CPUKernels

extension Convolution {
  /// Winograd F(2×2) comes first: 2.25 times fewer products, and more exact than plain summation.
  package var openCL: [Candidate<OpenCLLaunch>] { [winograd, tile(64), tile(32), direct] }

  private func worthCopying(_ site: Site) -> Bool {
    site.forced || site.device.kind != .openCLCPU
  }

  static let noCopies = "copies into local memory do not help on a CPU"

  /// F(2×2, 3×3) in one launch, through local memory.
  private var winograd: Candidate<OpenCLLaunch> {
    Candidate("winograd", error: 4) { site in
      let (w, y) = (site.inputs[1].shape, site.outputs[0].shape)
      guard w[0] == 3, w[1] == 3, stride == 1 else {
        return .declined("it needs a 3×3 kernel and stride 1")
      }
      guard w[2] >= 8, w[3] >= 16 else {
        return .declined("with \(w[2])→\(w[3]) channels most of a work-group would be idle")
      }
      guard worthCopying(site) else { return .declined(Self.noCopies) }
      let local = 4 * 16 * 8 * (8 + 32)
      guard site.device.localMemory >= local else {
        return .declined("it needs \(local) bytes of local memory")
      }
      func tiles(_ size: Int) -> Int { ((size + dilation - 1) / dilation + 1) / 2 * dilation }
      let blocks = (w[3] + 31) / 32
      let groups = (y[0] * tiles(y[1]) * tiles(y[2]) + 7) / 8 * blocks
      return .launches(
        [
          OpenCLLaunch(
            glint_opencl_winograd, defines: site.storage, kernelParameters(site),
            epilogue.operands(.prepared(0)), items: groups, global: [groups * 64])
        ],
        preparing: [
          OpenCLLaunch(
            glint_opencl_winograd_weights, kernelParameters(site).ofWeights, Self.packing,
            items: w[2] * blocks * 32)
        ], prepared: [TensorType(.float32, 16 * w[2] * blocks * 32)])
    }
  }

  /// An implicit matrix product through local memory, `width` output channels at a time.
  private func tile(_ width: Int) -> Candidate<OpenCLLaunch> {
    Candidate("tile\(width)") { site in
      let (w, y) = (site.inputs[1].shape, site.outputs[0].shape)
      guard w[2] >= 8, w[3] >= 8, w[3] > width / 2 || site.forced else {
        return .declined("with \(w[2])→\(w[3]) channels most of a tile would be empty")
      }
      guard worthCopying(site) else { return .declined(Self.noCopies) }
      let groups = (y[0] * y[1] * y[2] + 63) / 64 * ((w[3] + width - 1) / width)
      return .launches([
        OpenCLLaunch(
          glint_opencl_tile, defines: site.storage.merging(["TILE": "\(width)"]) { $1 },
          kernelParameters(site), epilogue.operands(), items: groups, global: [groups * 64])
      ])
    }
  }

  private var direct: Candidate<OpenCLLaunch> {
    Candidate("direct") { site in
      let y = site.outputs[0].shape
      return .launches([
        OpenCLLaunch(
          glint_opencl_direct, defines: site.storage, kernelParameters(site),
          epilogue.operands(), items: y[0] * y[1] * y[2] * ((y[3] + 7) / 8))
      ])
    }
  }
}
