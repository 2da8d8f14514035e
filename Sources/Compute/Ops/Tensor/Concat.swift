import CPUKernels

/// Concatenates tensors along the last axis, the channels; the other axes must be equal.
package struct Concat: Op {
  package static let name = "concat"

  package init() {}

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard let first = inputs.first, !first.shape.isEmpty,
      inputs.allSatisfy({
        $0.element == .float32 && $0.shape.dropLast() == first.shape.dropLast()
      })
    else {
      throw ShapeError(
        Self.name, "takes float32 tensors that differ in the last axis only, not \(inputs)")
    }
    let channels = inputs.reduce(0) { $0 + $1.channels }
    return [TensorType(.float32, first.shape.dropLast() + [channels])]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let first = inputs[0].type
    let values = (0..<first.pixels).flatMap { pixel in
      inputs.flatMap { input in
        input.values[pixel * input.type.channels..<(pixel + 1) * input.type.channels]
      }
    }
    let channels = inputs.reduce(0) { $0 + $1.type.channels }
    return [Reference(TensorType(.float32, first.shape.dropLast() + [channels]), values)]
  }

  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    var start = 0
    return try inputs.map { input in
      let range = start..<start + graph.type(of: input).channels
      start = range.upperBound
      return try graph.apply(SelectChannels(range), given[0]!)
    }
  }

  /// Where each input goes, except those that their producers have already put in place.
  private func parts(_ site: Site) -> [(index: Int, place: glint_channels_params)] {
    var offset = 0
    return site.inputs.enumerated().compactMap { index, input in
      defer { offset += input.channels }
      guard site.inputRanges[index] == nil else { return nil }
      return (
        index,
        glint_channels_params(
          channels: Int32(input.channels), pitch: Int32(site.outputs[0].channels),
          offset: Int32(offset))
      )
    }
  }

  private func operands(_ part: Int) -> glint_put_channels_operands {
    glint_put_channels_operands(in: .input(part), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("copy") { site in
        .launches(
          parts(site).map { index, part in
            CPULaunch(
              glint_cpu_put_channels, part, operands(index),
              items: .fixed(site.outputs[0].pixels), grain: 1024)
          })
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("copy") { site in
        .launches(
          parts(site).map { index, part in
            OpenCLLaunch(
              glint_opencl_put_channels, part, operands(index),
              items: site.inputs[index].count)
          })
      }
    ]
  }

  package static var samples: [Sample] {
    [[1], [3, 1], [17, 16, 1]].map { channels in
      Sample(
        Concat(),
        channels.enumerated().map { .random([2, 3, 5, $1], -9...9, seed: UInt64($0 + 1)) },
        .exact, tiny: true)
    }
  }
}

extension TensorType {
  /// The last axis.
  var channels: Int { shape.last ?? 1 }
  /// Elements of one channel.
  var pixels: Int { shape.dropLast().reduce(1, *) }
}
