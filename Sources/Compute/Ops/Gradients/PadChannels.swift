import CPUKernels

extension SelectChannels {
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let total = graph.type(of: inputs[0]).channels
    return [try graph.apply(PadChannels(range, of: total), given[0]!)]
  }
}

/// Zeros before and after the last axis: the adjoint of `SelectChannels`.
package struct PadChannels: Op {
  package static let name = "pad channels"
  package let range: Range<Int>
  package let total: Int

  package init(_ range: Range<Int>, of total: Int) {
    precondition(range.lowerBound >= 0 && range.upperBound <= total, "the range lies inside")
    self.range = range
    self.total = total
  }

  package var parameters: String { "\(range.lowerBound)..<\(range.upperBound) of \(total)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, !inputs[0].shape.isEmpty,
      inputs[0].channels == range.count
    else { throw ShapeError(Self.name, "takes \(range.count) channels, not \(inputs)") }
    return [TensorType(.float32, inputs[0].shape.dropLast() + [total])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let type = inputs[0].type
    let values = (0..<type.pixels).flatMap { pixel in
      (0..<total).map { c in
        range.contains(c) ? inputs[0].values[pixel * range.count + c - range.lowerBound] : 0
      }
    }
    return [Reference(TensorType(.float32, type.shape.dropLast() + [total]), values)]
  }

  package func gradient(
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

  package var cpu: [Candidate<CPULaunch>] {
    .only("copy") { site in
      CPULaunch(
        glint_cpu_pad_channels, kernelParameters, operands,
        items: .fixed(site.inputs[0].pixels), grain: 1024)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [.perValue(glint_opencl_pad_channels, operands, { _ in kernelParameters })]
  }

  package static var samples: [Sample] {
    [0..<1, 2..<5, 0..<17, 16..<17].map {
      Sample(PadChannels($0, of: 17), [.random([3, 5, $0.count], -9...9)], .exact, tiny: true)
    }
  }
}
