extension Normalization {
  /// The gradients of a norm with statistics from x, and of scale and shift if it has them.
  ///
  /// - Parameter plain: the norm op, to be applied with scale 1 and shift 0.
  func gradient(
    _ plain: any Op, _ inputs: [Graph.Value], given: Graph.Value, in graph: inout Graph
  ) throws -> [Graph.Value?] {
    guard affine else {
      return [try graph.apply(NormalizationGradient(of: self), inputs[0], given)]
    }
    let channel = graph.type(of: inputs[1])
    let (ones, zeros) = (graph.constant(ones: channel), graph.constant(zeros: channel))
    let normalized = try graph.apply(plain, inputs[0], ones, zeros)
    let scaled = try graph.apply(ChannelAffine(), given, inputs[1], zeros)
    return [
      try graph.apply(NormalizationGradient(of: self), inputs[0], scaled),
      try graph.sumOverPixels(given, normalized), try graph.sumOverPixels(given),
    ]
  }
}

extension BatchNorm {
  /// Running statistics are ordinary inputs and have gradients; tracked ones are state and have
  /// none.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    guard statistics == .running else {
      guard let given = given[0] else { return inputs.map { _ in nil } }
      let parts = try rule.gradient(
        BatchNorm(.batch, epsilon: epsilon), inputs, given: given, in: &graph)
      return parts + inputs.dropFirst(3).map { _ in nil }
    }
    let channel = graph.type(of: inputs[1])
    let (ones, zeros) = (graph.constant(ones: channel), graph.constant(zeros: channel))
    let (mean, variance) = (inputs[3], inputs[4])
    let normalized = try graph.apply(self, inputs[0], ones, zeros, mean, variance)
    // Applied with shift and mean 0, the norm multiplies by γ / √(variance + ε).
    let back = try graph.apply(self, given[0]!, inputs[1], zeros, zeros, variance)
    let again = try graph.apply(self, normalized, ones, zeros, zeros, variance)
    return [
      back, try graph.sumOverPixels(given[0]!, normalized),
      try graph.sumOverPixels(given[0]!),
      try graph.apply(
        Elementwise(.affine(scale: -1, shift: 0)), graph.sumOverPixels(back)),
      try graph.apply(
        Elementwise(.affine(scale: -0.5, shift: 0)), graph.sumOverPixels(back, again)),
    ]
  }
}

extension NormalizingOp {
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    try rule.gradient(self, inputs, given: given[0]!, in: &graph)
  }
}

extension ChannelAffine {
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let zeros = graph.constant(zeros: graph.type(of: inputs[1]))
    return [
      try graph.apply(self, given[0]!, inputs[1], zeros),
      try graph.sumOverPixels(given[0]!, inputs[0]),
      try graph.sumOverPixels(given[0]!),
    ]
  }
}
