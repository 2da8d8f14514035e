import CPUKernels

/// Sums over all pixels for each channel: of one tensor's values, or of products of two.
///
/// Inputs: one or two float32 tensors [… channels] of one shape. Output: [channels]. Chunks of about
/// √pixels are summed first, so that the order depends on the shape alone and errors stay small.
public struct SumPixels: Op {
  public static let name = "sum pixels"

  public init() {}

  public func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 || inputs.count == 2, inputs[0] == inputs.last,
      inputs[0].element == .float32, inputs[0].count > 0, !inputs[0].shape.isEmpty
    else {
      throw ShapeError(
        Self.name, "takes one float32 tensor, or two of one shape, with pixels, not \(inputs)")
    }
    return [TensorType(.float32, inputs[0].channels)]
  }

  public func reference(_ inputs: [Reference]) -> [Reference] {
    let channels = inputs[0].type.channels
    var sums = [Double](repeating: 0, count: channels)
    for (index, value) in inputs[0].values.enumerated() {
      sums[index % channels] += inputs.count == 2 ? value * inputs[1].values[index] : value
    }
    return [Reference(TensorType(.float32, channels), sums)]
  }

  public func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: inputs.count * inputs[0].count, bytes: inputs.count * inputs[0].bytes)
  }

  /// What is given for a channel goes to all its pixels, times the other factor of the product.
  public func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let (type, channel) = (graph.type(of: inputs[0]), graph.type(of: outputs[0]))
    let none = graph.constant(zeros: channel)
    guard inputs.count == 2 else {
      return [try graph.apply(ChannelAffine(), graph.constant(zeros: type), none, given[0]!)]
    }
    return try [1, 0].map { try graph.apply(ChannelAffine(), inputs[$0], given[0]!, none) }
  }

  /// Pixels of a chunk.
  private static func chunk(_ pixels: Int) -> Int {
    max(16, Int(Double(pixels).squareRoot()))
  }

  private func plan(_ site: Site) -> (parameters: glint_sum_params, chunks: Int) {
    let (pixels, channels) = (site.inputs[0].pixels, site.inputs[0].channels)
    let chunk = Self.chunk(pixels)
    let parameters = glint_sum_params(
      pixels: Int32(pixels), channels: Int32(channels), chunk: Int32(chunk), one: 1)
    return (parameters, (pixels + chunk - 1) / chunk)
  }

  private func chunks(_ site: Site) -> glint_sum_pixels_operands {
    glint_sum_pixels_operands(
      left: .input(0), right: site.inputs.count == 2 ? .input(1) : .none, partial: .workspace(0))
  }

  private let sum = glint_sum_chunks_operands(partial: .workspace(0), out: .output(0))

  public var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("chunks") { site in
        let (parameters, chunks) = plan(site)
        let channels = site.inputs[0].channels
        return .launches(
          [
            CPULaunch(
              glint_cpu_sum_pixels, parameters, self.chunks(site), items: .fixed(chunks)),
            CPULaunch(
              glint_cpu_sum_chunks, parameters, sum, items: .fixed(channels), grain: 64),
          ], workspace: [TensorType(.float32, chunks, channels)])
      }
    ]
  }

  public var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("chunks") { site in
        let (parameters, chunks) = plan(site)
        let channels = site.inputs[0].channels
        return .launches(
          [
            OpenCLLaunch(
              glint_opencl_sum_pixels,
              defines: ["PRODUCT": site.inputs.count == 2 ? "1" : "0"], parameters,
              self.chunks(site), items: chunks * channels),
            OpenCLLaunch(
              glint_opencl_sum_chunks, parameters, sum, items: channels),
          ], workspace: [TensorType(.float32, chunks, channels)])
      }
    ]
  }

  public static var samples: [Sample] {
    [[1, 1], [3, 5, 7, 17], [2, 13, 17, 1], [1, 1, 3, 48], [1031, 3]].flatMap { shape in
      let type = TensorType(.float32, shape)
      let chunk = Self.chunk(type.pixels)
      // Roundings along a chunk and along the chunks, of at most as much as all pixels.
      let roundings = Double(min(chunk, type.pixels) + type.pixels / chunk + 1)
      let bound = Tolerance.absolute(roundings * Double(type.pixels) * 0x1p-24)
      let values = [1, 2].map { Reference.random(shape, -1...1, seed: $0) }
      return [
        Sample(SumPixels(), [values[0]], bound, tiny: true),
        Sample(SumPixels(), values, bound, tiny: true),
      ]
    }
  }
}

extension Graph {
  /// A constant of a float32 type.
  mutating func constant(_ value: Float, _ type: TensorType) -> Value {
    constant(Tensor([Float](repeating: value, count: type.count), shape: type.shape))
  }

  mutating func constant(zeros type: TensorType) -> Value { constant(0, type) }
  mutating func constant(ones type: TensorType) -> Value { constant(1, type) }
}
