import CPUKernels

/// An op that makes an image of another size, each value on its own from those around its place.
protocol ImageResizing: ChannelRanged {
  /// Its kernel, on the CPU and as `tensor/….cl`.
  static var kernel: String { get }
  func kernelParameters(_ site: Site) -> glint_spatial_params
}

extension ImageResizing {
  func readsRange(_ input: Int) -> Bool { true }

  public var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("rows") { site in
        let y = site.outputs[0].shape
        return .launches([
          CPULaunch(
            Self.kernel, kernelParameters(site), [.input(0), .output(0)],
            items: .fixed(y[0] * y[1]))
        ])
      }
    ]
  }

  public var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("item") { site in
        .launches([
          OpenCLLaunch(
            "tensor/\(Self.kernel).cl", defines: site.storage, kernelParameters(site),
            [.input(0), .output(0)], items: site.outputs[0].count)
        ])
      }
    ]
  }
}
