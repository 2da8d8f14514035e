extension Convolution {
  /// The gradient with respect to an image of the type `type`, from the gradient of the result: for
  /// a stride of 1 a convolution with flipped weights, otherwise gathered from the results.
  func imageGradient(
    _ given: Graph.Value, weights: Graph.Value, to type: TensorType, in graph: inout Graph
  ) throws -> Graph.Value {
    let (x, w) = (type.shape, graph.type(of: weights).shape)
    let rows = backPadding(x[1], w[0], vertical: true)
    let columns = backPadding(x[2], w[1], vertical: false)
    if stride == 1, min(rows.before, rows.after, columns.before, columns.after) >= 0 {
      let back = Convolution(
        dilation: dilation,
        padding: .zeros(
          top: rows.before, left: columns.before, bottom: rows.after, right: columns.after))
      return try graph.apply(back, given, graph.apply(TurnWeights(flipped: true), weights))
    }
    return try graph.apply(
      ConvolutionInputGradient(of: self, height: x[1], width: x[2]), given,
      graph.apply(TurnWeights(), weights))
  }

  /// The padding with which a convolution of the result, with stride 1, has the image's size.
  private func backPadding(
    _ size: Int, _ kernel: Int, vertical: Bool
  ) -> (before: Int, after: Int) {
    let (before, out) = extent(size, kernel, vertical: vertical)
    return ((kernel - 1) * dilation - before, size - out + before)
  }

  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    guard enlargement == 1, epilogue == .none || epilogue == .bias else {
      return try unfusedGradient(inputs, given: given[0]!, in: &graph)
    }
    let w = graph.type(of: inputs[1]).shape
    let image = try with(.none).imageGradient(
      given[0]!, weights: inputs[1], to: graph.type(of: inputs[0]), in: &graph)
    let weights = try graph.apply(
      ConvolutionWeightGradient(of: self, kernel: (w[0], w[1])), inputs[0], given[0]!)
    let bias = epilogue == .bias ? [try graph.sumOverPixels(given[0]!)] : []
    return [image, weights] + bias
  }

  func sums(_ inputs: [Graph.Value], in graph: inout Graph) throws -> Graph.Value {
    let image =
      enlargement == 1 ? inputs[0] : try graph.apply(Upsample(.nearest, by: 2), inputs[0])
    return try graph.apply(
      Convolution(stride: stride, dilation: dilation, padding: padding), image, inputs[1])
  }
}

extension TransposedConvolution {
  /// The convolution whose adjoint this is; its image is this op's result.
  private var convolution: Convolution { Convolution(stride: stride, padding: .zeros(crop)) }

  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    guard epilogue == .none || epilogue == .bias else {
      return try unfusedGradient(inputs, given: given[0]!, in: &graph)
    }
    let w = graph.type(of: inputs[1]).shape
    let image = try graph.apply(
      convolution, given[0]!, graph.apply(TurnWeights(), inputs[1]))
    let turned = try graph.apply(
      ConvolutionWeightGradient(of: convolution, kernel: (w[0], w[1])), given[0]!, inputs[0])
    let bias = epilogue == .bias ? [try graph.sumOverPixels(given[0]!)] : []
    return [image, try graph.apply(TurnWeights(), turned)] + bias
  }

  func sums(_ inputs: [Graph.Value], in graph: inout Graph) throws -> Graph.Value {
    try graph.apply(with(.none), inputs[0], inputs[1])
  }
}

extension Dense {
  /// Computed as a 1×1 convolution with the rows of the batch as pixels.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    guard epilogue == .none || epilogue == .bias else {
      return try unfusedGradient(inputs, given: given[0]!, in: &graph)
    }
    let (x, w) = (graph.type(of: inputs[0]).shape, graph.type(of: inputs[1]).shape)
    let rows = try graph.apply(
      Dense(bias: false), given[0]!, graph.apply(TurnWeights(), inputs[1]))
    let pixels = try graph.apply(Reshape([1, 1, x[0], w[0]]), inputs[0])
    let slopes = try graph.apply(Reshape([1, 1, x[0], w[1]]), given[0]!)
    let weights = try graph.apply(
      ConvolutionWeightGradient(of: Convolution(padding: .valid), kernel: (1, 1)), pixels, slopes)
    let bias = epilogue == .bias ? [try graph.sumOverPixels(given[0]!)] : []
    return [
      try graph.apply(Reshape(x), rows), try graph.apply(Reshape(w), weights),
    ] + bias
  }

  func sums(_ inputs: [Graph.Value], in graph: inout Graph) throws -> Graph.Value {
    try graph.apply(with(.none), inputs[0], inputs[1])
  }
}

extension ConvolutionLike {
  /// The gradient through a longer epilogue: builds the bare op and its steps as separate ops
  /// again. Plans fuse only after gradients have been taken, so this serves graphs that were built
  /// fused.
  func unfusedGradient(
    _ inputs: [Graph.Value], given: Graph.Value, in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let first = graph.nodes.count
    var value = try sums(inputs, in: &graph)
    let channel = TensorType(.float32, graph.type(of: value).channels)
    var tensors = inputs[2...]
    for step in epilogue.steps {
      switch step {
      case .bias:
        let ones = graph.constant(ones: channel)
        value = try graph.apply(ChannelAffine(), value, ones, tensors.removeFirst())
      case .scaleShift:
        let scale = tensors.removeFirst()
        value = try graph.apply(ChannelAffine(), value, scale, tensors.removeFirst())
      case .add: value = try graph.apply(Add(), value, tensors.removeFirst())
      case .each(let step): value = try graph.apply(Elementwise(step), value)
      }
    }
    let parts = try graph.gradients(
      of: value, given: given, withRespectTo: inputs, since: first)
    // For a value that is an input twice, the gradient at its first position is the sum of both.
    return inputs.indices.map { inputs[..<$0].contains(inputs[$0]) ? nil : parts[$0] }
  }
}

extension Convolution {
  /// Sample cases of the gradients: geometry, image, kernel and outputs.
  static var geometries: [(Convolution, [Int], Int, Int)] {
    [
      (Convolution(), [1, 1, 1, 1], 3, 1),
      (Convolution(), [2, 3, 5, 3], 3, 2),
      (Convolution(padding: .valid), [1, 5, 4, 2], 3, 17),
      (Convolution(dilation: 2), [1, 7, 6, 3], 3, 5),
      (Convolution(stride: 2), [1, 7, 8, 5], 3, 3),
      (Convolution(stride: 2, padding: .valid), [2, 6, 5, 3], 2, 9),
      (Convolution(stride: 2, dilation: 3, padding: .zeros(2)), [1, 9, 8, 2], 3, 3),
      (
        Convolution(padding: .zeros(top: 3, left: 0, bottom: 1, right: 4)), [1, 4, 5, 2], 3, 3
      ),
      (Convolution(stride: 4, padding: .zeros(1)), [1, 9, 10, 3], 4, 2),
      (Convolution(), [2, 3, 1, 5], 1, 3),
      (Convolution(stride: 2, padding: .valid), [1, 4, 7, 3], 2, 33),
    ]
  }

  /// Cases with more channels than one tile of any kernel.
  static var wideGeometries: [(Convolution, [Int], Int, Int)] {
    [
      (Convolution(), [1, 5, 9, 17], 3, 33), (Convolution(), [2, 9, 7, 48], 3, 48),
      (Convolution(stride: 2, padding: .valid), [1, 6, 7, 67], 2, 66),
      (Convolution(dilation: 16), [1, 17, 19, 8], 3, 9), (Convolution(), [1, 7, 9, 16], 1, 65),
      (Convolution(padding: .valid), [3, 8, 9, 1], 5, 16),
    ]
  }
}
