import CPUKernels

/// The quality of each fit of a spline PSF: Cramér–Rao bound, deviance and reduced χ².
///
/// Inputs: spots float32 [capacity, box²], parameters float32 [capacity, 6] of `FitSpline`, total
/// int32 [1], the PSF's grid, and optionally flags and a noise variance per pixel. Outputs as `AssessSpots`.
package struct AssessSpline: SplineOp {
  package static let name = "assess spline"
  static let kernels = KernelPair(glint_cpu_assess_spline, glint_opencl_assess_spline)
  static let total = 2
  static let required = 4
  package let model: SplineModel

  package init(_ model: SplineModel) { self.model = model }

  package var parameters: String { model.label }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard Self.takes(inputs), let capacity = inputs[0].shape.first,
      inputs[1] == SpotModel.fits(capacity)[0]
    else {
      throw ShapeError(
        Self.name,
        "takes spots, their parameters, their number, a grid and optionally flags and boxes of noise, not "
          + "\(inputs)")
    }
    try Self.check(inputs[0], box: model.box)
    try model.check(Self.name, grid: inputs[3])
    return SpotModel.worths(capacity)
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let image = SplineImage(model: model, grid: inputs[3].values)
    return SpotReference.worths(
      image, spots: inputs[0], theta: inputs[1], total: inputs[2],
      flags: Self.flags(inputs), noise: Self.noise(inputs))
  }

  /// The reference gives rows past the total the deviance −1.
  package func defined(_ outputs: [Reference]) -> [[Bool]?] { SpotReference.assessed(outputs) }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(
      flops: inputs[0].count * 310 + inputs[0].shape[0] * 2000,
      bytes: inputs[0].count * 64 * 4 + (inputs + outputs).bytes)
  }

  static func operands(_ site: Site) -> glint_assess_spline_operands {
    glint_assess_spline_operands(
      spots: .input(0), noise: noise(site), flags: flags(site), theta: .input(1),
      total: .input(total),
      grid: .input(3), bound: .output(0), deviance: .output(1), chi_square: .output(2))
  }

  func kernelParameters(_ site: Site) -> glint_spline_params {
    model.kernelParameters(
      capacity: site.inputs[0].shape[0], flags: Self.hasFlags(site), noiseMap: Self.hasNoise(site))
  }

  package static var samples: [Sample] {
    SplineSamples.cases.filter { $0.share > 0.9 }.map { sample in
      Sample(
        AssessSpline(sample.model),
        [sample.spots, sample.truth, sample.total, sample.grid] + sample.optional,
        note: sample.note,
        .pairs(relative: 2e-4), .relative(2e-5), .relative(2e-5), tiny: sample.tiny)
    }
  }
}
