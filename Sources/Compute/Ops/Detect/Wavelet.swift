import CPUKernels

/// Undecimated B-spline transform (order 3, scale 2), ThunderSTORM's default filter.
///
/// Input: float32 [frames, height, width]. Outputs, same type: V₁ − V₂, in which spots stand out,
/// and F₁ = image − V₁, whose noise (`WaveletNoise`) is the threshold's unit. V₁ is the image
/// smoothed by 1/16 1/4 3/8 1/4 1/16, V₂ is V₁ smoothed by the same with holes (Izeddin et al.,
/// Opt. Express 2012; Ovesný et al., Bioinformatics 2014). At the edges frames are mirrored with
/// the edge pixel repeated; ThunderSTORM only repeats the edge pixel, so the outermost 6 pixels
/// differ. Devices give 0 where F₁ is at most 2⁻²² of the image, because there it is only rounding.
package struct Wavelet: Op {
  package static let name = "wavelet"
  private let filters = FilterDifference(narrow: .spline, wide: .splineTwice)

  /// Noise of the second output over that of the image: the root of the sum of squared taps.
  package static let fineNoise: Double = {
    let taps = SymmetricFilter.spline.taps.map { Double($0) }
    let squares = 2 * taps.dropFirst().reduce(0) { $0 + $1 * $1 } + taps[0] * taps[0]
    return (1 - 2 * taps[0] * taps[0] + squares * squares).squareRoot()
  }()

  /// The noise of the first output near the frame's edges.
  package static let edgeNoise = Wavelet().filters.edgeNoise

  /// The weights of pixels in the first output.
  package static let weights = Wavelet().filters.weights

  package init() {}

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try filters.check(inputs, Self.name)
    return [inputs[0], inputs[0]]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let first = filters.narrow.smooth(inputs[0])
    let second = filters.wide.smooth(inputs[0])
    return [
      Reference(inputs[0].type, zip(first, second).map { $0 - $1 }),
      Reference(inputs[0].type, zip(inputs[0].values, first).map { $0 - $1 }),
    ]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    filters.work(inputs, outputs)
  }

  /// Each output is its own adjoint, because filters and mirroring are symmetric.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let parts = try given.enumerated().compactMap { plane, value in
      try value.map { try graph.apply(self, to: [$0])[plane] }
    }
    return [parts.count == 2 ? try graph.apply(Add(), parts[0], parts[1]) : parts.first]
  }

  private var operands: glint_wavelet_operands {
    glint_wavelet_operands(images: .input(0), out: .output(0), fine: .output(1))
  }

  package var cpu: [Candidate<CPULaunch>] {
    [filters.cpu(glint_cpu_wavelet, operands)]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [filters.openCL(glint_opencl_wavelet, operands)]
  }

  package static var samples: [Sample] {
    let random = [[1, 1, 1], [2, 3, 17], [1, 13, 4], [1, 17, 33], [2, 31, 65]].map { shape in
      // Sums of at most 26 taps of inputs up to 1000.
      Sample(
        Wavelet(), [.random(shape, 0...1000, seed: 21)], .absolute(30 * 1000 * 0x1p-24),
        tiny: shape.reduce(1, *) < 300)
    }
    // Of these values, one in eight would leave a rounding error.
    let levels = (0..<40).map { Double(Float($0 - 100) * Float(1 / 2.1)) }
    let flat = Reference(
      TensorType(.float32, 40, 9, 19), levels.flatMap { Array(repeating: $0, count: 9 * 19) })
    return random + [
      Sample(Wavelet(), [flat], note: "flat", .absolute(30 * 100 * 0x1p-24))
    ]
  }
}
