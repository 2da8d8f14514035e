import CPUKernels

/// A range of the last axis.
public struct SelectChannels: Op {
  public static let name = "select channels"
  public let range: Range<Int>

  public init(_ range: Range<Int>) { self.range = range }

  public var parameters: String { "\(range.lowerBound)..<\(range.upperBound)" }

  public func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, !range.isEmpty,
      range.lowerBound >= 0, range.upperBound <= inputs[0].channels
    else {
      throw ShapeError(Self.name, "\(inputs) has no channels \(parameters)")
    }
    return [TensorType(.float32, inputs[0].shape.dropLast() + [range.count])]
  }

  public func reference(_ inputs: [Reference]) -> [Reference] {
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

  public var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("copy") { site in
        .launches([
          CPULaunch(
            glint_cpu_take_channels, kernelParameters(site), operands,
            items: .fixed(site.outputs[0].pixels), grain: 1024)
        ])
      }
    ]
  }

  public var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("copy") { site in
        .launches([
          OpenCLLaunch(
            glint_opencl_take_channels, kernelParameters(site), operands,
            items: site.outputs[0].count)
        ])
      }
    ]
  }

  public static var samples: [Sample] {
    [0..<1, 2..<5, 16..<17].map {
      Sample(SelectChannels($0), [.random([3, 5, 17], -9...9)], .exact, tiny: true)
    }
  }
}
