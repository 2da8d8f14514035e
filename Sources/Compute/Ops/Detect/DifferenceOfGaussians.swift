import CPUKernels

/// Band-pass filter for spots: each frame smoothed by a narrow Gaussian minus the same by a wide
/// one.
///
/// Input and output: float32 [frames, height, width]. Gaussians are cut at 3 σ; at the edges frames
/// are mirrored with the edge pixel repeated, so frames may have any size and spots at the edge
/// keep their weight. SMAP's filter (Ries, Nat. Methods 2020) with σ 1.2 px and 2.5 times that.
package struct DifferenceOfGaussians: Op {
  package static let name = "difference_of_gaussians"
  /// Standard deviations, pixels.
  package let narrow: Double
  package let wide: Double
  private let filters: FilterDifference

  package init(narrow: Double = 1.2, wide: Double? = nil) {
    self.narrow = narrow
    self.wide = wide ?? 2.5 * narrow
    filters = FilterDifference(narrow: .gaussian(self.narrow), wide: .gaussian(self.wide))
  }

  package var edgeNoise: EdgeNoise { filters.edgeNoise }

  /// The weights of pixels in the output.
  package var weights: PixelWeights { filters.weights }

  package var parameters: String { "σ \(narrow) − \(wide)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try filters.check(inputs, Self.name)
    return inputs
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let values = zip(filters.narrow.smooth(inputs[0]), filters.wide.smooth(inputs[0]))
    return [Reference(inputs[0].type, values.map { $0 - $1 })]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    filters.work(inputs, outputs)
  }

  /// The op is its own adjoint, because filters and mirroring are symmetric.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.apply(self, given[0]!)]
  }

  private var operands: glint_difference_of_gaussians_operands {
    glint_difference_of_gaussians_operands(images: .input(0), out: .output(0))
  }

  package var cpu: [Candidate<CPULaunch>] {
    [filters.cpu(glint_cpu_difference_of_gaussians, operands)]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [filters.openCL(glint_opencl_difference_of_gaussians, operands)]
  }

  package static var samples: [Sample] {
    let shapes = [
      [1, 1, 1], [2, 3, 5], [1, 13, 1], [1, 17, 13], [2, 8, 32], [1, 9, 33], [1, 7, 31],
      [2, 40, 131],
    ]
    let random = shapes.map { shape in
      // Sums of at most 38 taps of inputs up to 1000.
      Sample(
        DifferenceOfGaussians(), [.random(shape, 0...1000, seed: 11)],
        .absolute(40 * 1000 * 0x1p-24), tiny: shape.reduce(1, *) < 300)
    }
    let flat = Reference(TensorType(.float32, 1, 20, 20), Array(repeating: 500, count: 400))
    var holed = Reference.random([1, 30, 50], 0...10, seed: 12)
    holed.values[730] = .nan
    return random + [
      Sample(DifferenceOfGaussians(), [flat], note: "flat", .absolute(40 * 500 * 0x1p-24)),
      Sample(DifferenceOfGaussians(), [holed], note: "NaN", .absolute(40 * 10 * 0x1p-24)),
      Sample(
        DifferenceOfGaussians(narrow: 0.3, wide: 20), [.random([1, 21, 40], -1...1, seed: 13)],
        .absolute(130 * 0x1p-24)),
    ]
  }
}
