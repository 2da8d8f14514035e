import CPUKernels

extension SelectChannels {
  public func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let total = graph.type(of: inputs[0]).channels
    return [try graph.apply(PadChannels(range, of: total), given[0]!)]
  }
}

/// Zeros before and after the last axis: the adjoint of `SelectChannels`.
package struct PadChannels: Op {
  public static let name = "pad channels"
  public let range: Range<Int>
  public let total: Int

  public init(_ range: Range<Int>, of total: Int) {
    precondition(range.lowerBound >= 0 && range.upperBound <= total, "the range lies inside")
    self.range = range
    self.total = total
  }

  public var parameters: String { "\(range.lowerBound)..<\(range.upperBound) of \(total)" }

  public func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, !inputs[0].shape.isEmpty,
      inputs[0].channels == range.count
    else { throw ShapeError(Self.name, "takes \(range.count) channels, not \(inputs)") }
    return [TensorType(.float32, inputs[0].shape.dropLast() + [total])]
  }

  public func reference(_ inputs: [Reference]) -> [Reference] {
    let type = inputs[0].type
    let values = (0..<type.pixels).flatMap { pixel in
      (0..<total).map { c in
        range.contains(c) ? inputs[0].values[pixel * range.count + c - range.lowerBound] : 0
      }
    }
    return [Reference(TensorType(.float32, type.shape.dropLast() + [total]), values)]
  }

  public func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.apply(SelectChannels(range), given[0]!)]
  }

  private var kernelParameters: glint_channels_params {
    glint_channels_params(
      channels: Int32(range.count), pitch: Int32(total), offset: Int32(range.lowerBound))
  }

  private var operands: glint_pad_channels_operands {
    glint_pad_channels_operands(in: .input(0), out: .output(0))
  }

  public var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("copy") { site in
        .launches([
          CPULaunch(
            glint_cpu_pad_channels, kernelParameters, operands,
            items: .fixed(site.inputs[0].pixels), grain: 1024)
        ])
      }
    ]
  }

  public var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_pad_channels, operands, { _ in kernelParameters })]
  }

  public static var samples: [Sample] {
    [0..<1, 2..<5, 0..<17, 16..<17].map {
      Sample(PadChannels($0, of: 17), [.random([3, 5, $0.count], -9...9)], .exact, tiny: true)
    }
  }
}
