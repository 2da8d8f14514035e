import CPUKernels

extension Convolution {
  public var openCL: [Candidate<OpenCLLaunch>] { [tile, direct] }

  private var operands: [Operand] {
    [.input(0), .input(1), .output(0)] + epilogue.operands()
  }

  /// An implicit matrix product through local memory.
  private var tile: Candidate<OpenCLLaunch> {
    Candidate("tile") { site in
      let (w, y) = (site.inputs[1].shape, site.outputs[0].shape)
      guard w[2] >= 8, w[3] >= 8 else {
        return .declined("\(w[2])→\(w[3]) channels leave most of a tile empty")
      }
      guard site.forced || site.device.kind != .openCLCPU else {
        return .declined("a processor gains nothing from copies into local memory")
      }
      let channels = w[3] > 32 ? 64 : 32
      let groups = (y[0] * y[1] * y[2] + 63) / 64 * ((w[3] + channels - 1) / channels)
      return .launches([
        OpenCLLaunch(
          "conv/tile.cl", defines: ["TILE": "\(channels)"], kernelParameters(site), operands,
          items: groups, global: [groups * 64])
      ])
    }
  }

  private var direct: Candidate<OpenCLLaunch> {
    Candidate("direct") { site in
      let y = site.outputs[0].shape
      return .launches([
        OpenCLLaunch(
          "conv/direct.cl", kernelParameters(site), operands,
          items: y[0] * y[1] * y[2] * ((y[3] + 7) / 8))
      ])
    }
  }
}
