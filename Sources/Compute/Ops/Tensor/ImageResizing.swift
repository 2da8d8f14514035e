import CPUKernels

/// An op that changes an image's size; each output value depends only on its neighbourhood.
protocol ImageResizing: ChannelRanged {
  static var kernels: KernelPair<glint_spatial_params, glint_resize_operands> { get }
  func kernelParameters(_ site: Site) -> glint_spatial_params
}

extension ImageResizing {
  func readsRange(_ input: Int) -> Bool { true }

  private var operands: glint_resize_operands {
    glint_resize_operands(in: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("rows") { site in
      let y = site.outputs[0].shape
      return CPULaunch(
        Self.kernels.cpu, kernelParameters(site), operands,
        items: .fixed(y[0] * y[1]))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      OpenCLLaunch(
        Self.kernels.openCL, defines: site.storage, kernelParameters(site), operands,
        items: site.outputs[0].count)
    }
  }
}
