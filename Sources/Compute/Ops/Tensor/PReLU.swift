import CPUKernels

/// x for x ≥ 0, a learned slope times x below.
///
/// Inputs: x [… channels], slope [1] or [channels], float32. Output: as x.
package struct PReLU: Op {
  package static let name = "prelu"

  package init() {}

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.element == .float32 }),
      inputs[1].shape == [1] || inputs[1].shape == [inputs[0].channels]
    else {
      throw ShapeError(Self.name, "takes x and one slope, or one per channel, not \(inputs)")
    }
    return [inputs[0]]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let slopes = inputs[1].values
    let channels = inputs[0].type.channels
    return [
      Reference(
        inputs[0].type,
        inputs[0].values.enumerated().map {
          $1 < 0 ? $1 * slopes[$0 % channels % slopes.count] : $1
        })
    ]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: inputs[0].count, bytes: 2 * inputs[0].bytes)
  }

  static func kernelParameters(_ site: Site) -> glint_channels_params {
    site.channels(pitch: site.inputs[1].count > 1 ? 1 : 0)
  }

  private var operands: glint_prelu_operands {
    glint_prelu_operands(in: .input(0), slopes: .input(1), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("pixels") { site in
      CPULaunch(
        glint_cpu_prelu, Self.kernelParameters(site), operands,
        items: .fixed(site.inputs[0].pixels), grain: 512)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_prelu, operands, Self.kernelParameters)]
  }

  package static var samples: [Sample] {
    [(1, 1), (13, 1), (17, 17)].map { channels, slopes in
      Sample(
        PReLU(),
        [.random([2, 3, channels], -9...9, seed: 1), .random([slopes], -1...1, seed: 2)],
        .roundings(1), tiny: true)
    }
  }
}
