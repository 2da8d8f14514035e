extension Graph {
  /// Moves into a convolution's epilogue what follows it, if nothing else uses its result:
  /// elementwise chains, a scale and shift per channel, the sum with another tensor, in that order.
  /// A scale and shift of the bare sums is multiplied into the weights.
  package func fusingConvolutions() throws(ShapeError) -> Graph {
    let uses = uses
    let fused = try rebuilt { op, old, inputs, graph throws(ShapeError) in
      for index in inputs.indices where uses[old[index]] == 1 {
        if let value = try graph.fuse(op, inputs, into: index) { return [value] }
      }
      return try graph.apply(op, to: inputs)
    }
    // Rebuild without the convolutions that were replaced by fused ones.
    return try fused.rebuilt { op, _, inputs, graph throws(ShapeError) in
      try graph.apply(op, to: inputs)
    }
  }

  /// Adds the convolution that makes `inputs[index]`, with `op` in its epilogue; nil if not
  /// possible.
  private mutating func fuse(
    _ op: any Op, _ inputs: [Value], into index: Int
  ) throws(ShapeError) -> Value? {
    guard case .op(let producer, let sources) = nodes[inputs[index].node].source,
      let host = producer as? any ConvolutionLike
    else { return nil }
    switch op {
    case let chain as Elementwise:
      guard let fused = host.absorbing(chain.steps.map(EpilogueStep.each)) else { return nil }
      return try apply(fused, to: sources)[0]
    case is PReLU where index == 0:
      guard let slope = constant(at: inputs[1])?.values, slope.count == 1,
        let fused = host.absorbing([.each(.leakyReLU(slope: Float(slope[0])))])
      else { return nil }
      return try apply(fused, to: sources)[0]
    case is ChannelAffine where index == 0:
      if let value = try fold(scale: inputs[1], shift: inputs[2], into: host, sources) {
        return value
      }
      guard let fused = host.absorbing([.scaleShift]) else { return nil }
      return try apply(fused, to: sources + inputs[1...])[0]
    case is Add:
      guard let fused = host.absorbing([.add]) else { return nil }
      return try apply(fused, to: sources + [inputs[1 - index]])[0]
    default: return nil
    }
  }

  /// The convolution with the affine multiplied into weights and bias, if the affine follows its
  /// sums directly and all of them are constants.
  private mutating func fold(
    scale: Value, shift: Value, into host: any ConvolutionLike, _ sources: [Value]
  ) throws(ShapeError) -> Value? {
    guard host.epilogue == .none || host.epilogue == .bias,
      let scale = constant(at: scale)?.values, let shift = constant(at: shift)?.values,
      let weights = constant(at: sources[1])
    else { return nil }
    var bias = [Double](repeating: 0, count: scale.count)
    if host.epilogue == .bias {
      guard let given = constant(at: sources[2]) else { return nil }
      bias = given.values
    }
    let scaled = weights.values.enumerated().map { $1 * scale[$0 % scale.count] }
    let moved = bias.indices.map { bias[$0] * scale[$0] + shift[$0] }
    return try apply(
      host.with(.bias),
      to: [
        sources[0], constant(Reference(weights.type, scaled).tensor),
        constant(Reference(TensorType(.float32, scale.count), moved).tensor),
      ])[0]
  }
}
