import CPUKernels

/// A range of the last axis.
package struct SelectChannels: Op {
  package static let name = "select channels"
  package let range: Range<Int>

  package init(_ range: Range<Int>) { self.range = range }

  package var parameters: String { "\(range.lowerBound)..<\(range.upperBound)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, !range.isEmpty,
      range.lowerBound >= 0, range.upperBound <= inputs[0].channels
    else {
      throw ShapeError(Self.name, "\(inputs) has no channels \(parameters)")
    }
    return [TensorType(.float32, inputs[0].shape.dropLast() + [range.count])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let type = inputs[0].type
    let values = (0..<type.pixels).flatMap { pixel in
      range.map { inputs[0].values[pixel * type.channels + $0] }
    }
    return [Reference(TensorType(.float32, type.shape.dropLast() + [range.count]), values)]
  }

  private func kernelParameters(_ site: Site) -> glint_channels_params {
    glint_channels_params(
      channels: Int32(range.count), pitch: Int32(site.inputs[0].channels),
      offset: Int32(range.lowerBound))
  }

  private var operands: glint_take_channels_operands {
    glint_take_channels_operands(in: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("copy") { site in
      CPULaunch(
        glint_cpu_take_channels, kernelParameters(site), operands,
        items: .fixed(site.outputs[0].pixels), grain: 1024)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("copy") { site in
      OpenCLLaunch(
        glint_opencl_take_channels, kernelParameters(site), operands,
        items: site.outputs[0].count)
    }
  }

  package static var samples: [Sample] {
    [0..<1, 2..<5, 16..<17].map {
      Sample(SelectChannels($0), [.random([3, 5, 17], -9...9)], .exact, tiny: true)
    }
  }
}
