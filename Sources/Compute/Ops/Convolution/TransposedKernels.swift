import CPUKernels

/// An op that uses the kernels of transposed convolutions: each output value gathers the inputs
/// that contribute to it.
protocol TransposedKernels: Op {
  var epilogue: Epilogue { get }
  func kernelParameters(_ site: Site) -> glint_conv_params
}

extension TransposedKernels {
  package var cpu: [Candidate<CPULaunch>] {
    .only("rows") { site in
      let y = site.outputs[0].shape
      return CPULaunch(
        glint_cpu_conv_transposed, kernelParameters(site), epilogue.operands(),
        items: .fixed(y[0] * y[1]), scratch: 4 * site.inputs[0].channels)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      OpenCLLaunch(
        glint_opencl_transposed, kernelParameters(site), epilogue.operands(),
        items: site.outputs[0].pixels * ((site.outputs[0].channels + 7) / 8))
    }
  }
}

extension glint_conv_params {
  /// For a site whose first inputs are image and weights; `top` and `left` count the zeros before
  /// it.
  init(
    _ site: Site, stride: Int, dilation: Int = 1, top: Int, left: Int, enlargement: Int = 1,
    epilogue: Epilogue
  ) {
    let (x, w, y) = (site.inputs[0].shape, site.inputs[1].shape, site.outputs[0].shape)
    self.init(
      batch: Int32(x[0]), height: Int32(x[1]), width: Int32(x[2]), channels: Int32(x[3]),
      out_height: Int32(y[1]), out_width: Int32(y[2]), out_channels: Int32(y[3]),
      kernel_height: Int32(w[0]), kernel_width: Int32(w[1]), stride: Int32(stride),
      dilation: Int32(dilation), pad_top: Int32(top), pad_left: Int32(left),
      enlarge: Int32(enlargement - 1), block: 0, stream: 0, in: site.inputRange(0),
      out: site.writtenRange, added: epilogue.ranges(at: site),
      epilogue: epilogue.kernelParameters)
  }
}
