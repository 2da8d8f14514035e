extension Rewrite {
  /// Replaces batch normalisation with constant statistics by a scale and shift per channel.
  static let normAsAffine = Rewrite(name: "batch norm as affine") {
    op, inputs, graph throws(ShapeError) in
    guard let norm = op as? BatchNorm, norm.statistics == .running else { return nil }
    let constants = inputs.dropFirst().compactMap { graph.constant(at: $0) }
    guard constants.count == 4 else { return nil }
    let type = constants[0].type
    let x = Reference(type, [Double](repeating: 0, count: type.count))
    let (scale, shift) = norm.affine([x] + constants.map(Reference.init))
    return [
      try graph.apply(
        ChannelAffine(), inputs[0], graph.constant(Reference(type, scale).tensor),
        graph.constant(Reference(type, shift).tensor))
    ]
  }

  /// Moves a 1×1 convolution before the enlargement of its image: a quarter of the work at ×2. With
  /// interpolation this is valid only if nothing but linear steps follow the sums.
  static let pointwiseBeforeUpsampling = Rewrite(name: "1×1 before upsampling") {
    op, inputs, graph throws(ShapeError) in
    guard let convolution = op as? Convolution, convolution.stride == 1,
      convolution.enlargement == 1,
      graph.type(of: inputs[1]).shape[..<2] == [1, 1],
      [.same, .valid, .zeros(0)].contains(convolution.padding),
      case .op(let producer, let sources) = graph.nodes[inputs[0].node].source,
      let upsample = producer as? Upsample,
      convolution.epilogue.steps.allSatisfy({ step in
        switch step {
        case .bias, .scaleShift, .each(.affine): true
        case .each: upsample.kind == .nearest
        case .add: false
        }
      })
    else { return nil }
    let small = try graph.apply(convolution, to: sources + inputs[1...])
    return try graph.apply(upsample, to: small)
  }

  /// A 3×3 convolution of an image enlarged 2 times by repetition reads the small image directly.
  /// Its kernels use that most sums repeat: 25 of 36 products with Winograd F(4×4), 4 of 9 as four
  /// 2×2 kernels.
  static let enlargeInsideConvolution = Rewrite(name: "enlarge inside convolution") {
    op, inputs, graph throws(ShapeError) in
    guard let convolution = op as? Convolution, convolution.stride == 1,
      convolution.dilation == 1, convolution.enlargement == 1,
      graph.type(of: inputs[1]).shape[..<2] == [3, 3],
      convolution.padding == .same || convolution.padding == .zeros(1),
      case .op(let producer, let sources) = graph.nodes[inputs[0].node].source,
      let upsample = producer as? Upsample, upsample.kind == .nearest, upsample.factor == 2
    else { return nil }
    return try graph.apply(convolution.enlarging(), to: sources + inputs[1...])
  }
}
