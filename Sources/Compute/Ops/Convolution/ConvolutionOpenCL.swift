import CPUKernels

extension Convolution {
  public var openCL: [Candidate<OpenCLLaunch>] { [direct] }

  private var direct: Candidate<OpenCLLaunch> {
    Candidate("direct") { site in
      let y = site.outputs[0].shape
      return .launches([
        OpenCLLaunch(
          "conv/direct.cl", kernelParameters(site),
          [.input(0), .input(1), .output(0)] + epilogue.operands(),
          items: y[0] * y[1] * y[2] * ((y[3] + 7) / 8))
      ])
    }
  }
}
