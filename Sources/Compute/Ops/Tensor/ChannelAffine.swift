import CPUKernels

/// x · scale + shift per channel, rounded once: normalisation with fixed statistics.
///
/// Inputs: x [… channels], scale [channels], shift [channels], float32. Output: as x.
package struct ChannelAffine: Op {
  package static let name = "channel affine"

  package init() {}

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 3, inputs[0].element == .float32, !inputs[0].shape.isEmpty,
      inputs.dropFirst().allSatisfy({ $0 == TensorType(.float32, inputs[0].channels) })
    else {
      throw ShapeError(
        Self.name, "takes x and two tensors with one value per channel, not \(inputs)")
    }
    return [inputs[0]]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let channels = inputs[0].type.channels
    return [
      Reference(
        inputs[0].type,
        inputs[0].values.enumerated().map {
          $1 * inputs[1].values[$0 % channels] + inputs[2].values[$0 % channels]
        })
    ]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 2 * inputs[0].count, bytes: 2 * inputs[0].bytes)
  }

  private var operands: glint_channel_affine_operands {
    glint_channel_affine_operands(
      in: .input(0), scale: .input(1), shift: .input(2), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("pixels") { site in
      CPULaunch(
        glint_cpu_channel_affine, site.channels(), operands,
        items: .fixed(site.inputs[0].pixels), grain: 512)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_channel_affine, operands) { $0.channels() }]
  }

  package static var samples: [Sample] {
    [1, 3, 17, 48].map { channels in
      Sample(
        ChannelAffine(),
        [
          .random([1, 3, 5, channels], -9...9, seed: 1), .random([channels], -2...2, seed: 2),
          .random([channels], -2...2, seed: 3),
        ], .roundings(1), tiny: true)
    }
  }
}
