import CPUKernels

/// The quality of each fit: variances of its parameters, deviance and reduced χ².
///
/// Inputs: spots float32 [capacity, box²], parameters float32 [capacity, 6] of `FitSpots`, total
/// int32 [1], and optionally flags and a noise variance per pixel. Outputs: variances float32 [capacity, 6,
/// 2], each the unevaluated sum of two floats, which devices without double precision can provide
/// (0 for parameters that are not free, NaN where the information is singular); Poisson deviance
/// (twice the log-likelihood ratio to the saturated model) float32 [capacity]; Pearson's χ² per
/// degree of freedom float32 [capacity]. Rows past the total are undefined.
///
/// Maximum likelihood: the Cramér–Rao bound. Least squares: A⁻¹BA⁻¹ with A = JᵀJ, B = Jᵀ diag(μ) J.
package struct AssessSpots: SpotOp {
  package static let name = "assess"
  static let total = 2
  static let required = 3
  package let model: SpotModel

  package init(_ model: SpotModel) { self.model = model }

  package var parameters: String { model.label }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard Self.takes(inputs), let capacity = inputs[0].shape.first,
      inputs[1] == SpotModel.fits(capacity)[0]
    else {
      throw ShapeError(
        Self.name,
        "takes spots, their parameters, their number and optionally flags and boxes of noise, not \(inputs)"
      )
    }
    try Self.check(inputs[0], box: model.box)
    try model.check(Self.name)
    return SpotModel.worths(capacity)
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    SpotReference.worths(
      model, spots: inputs[0], theta: inputs[1], total: inputs[2],
      flags: Self.flags(inputs), noise: Self.noise(inputs))
  }

  /// The reference gives rows past the total the deviance −1.
  package func defined(_ outputs: [Reference]) -> [[Bool]?] { SpotReference.assessed(outputs) }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: inputs[0].count * 70 + inputs[0].shape[0] * 2000, bytes: (inputs + outputs).bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_fit_params {
    model.kernelParameters(
      capacity: site.inputs[0].shape[0], flags: Self.hasFlags(site), noiseMap: Self.hasNoise(site))
  }

  private func operands(_ site: Site) -> glint_assess_operands {
    glint_assess_operands(
      spots: .input(0), noise: Self.noise(site), flags: Self.flags(site), theta: .input(1),
      total: .input(Self.total),
      bound: .output(0), deviance: .output(1), chi_square: .output(2))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("lanes") { site in
      CPULaunch(
        glint_cpu_assess, kernelParameters(site), operands(site),
        items: Self.items(site), grain: 512, scratch: model.scratch(boxes: 2))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      OpenCLLaunch(
        glint_opencl_assess, defines: model.defines, kernelParameters(site), operands(site),
        items: site.inputs[0].shape[0])
    }
  }

  /// The information is summed in float32, so each variance (both parts added) has a relative error
  /// of about 2⁻²⁴ times the matrix's condition number.
  package static var samples: [Sample] {
    SpotSamples.cases.filter { $0.share > 0.9 }.map { sample in
      Sample(
        AssessSpots(sample.model), [sample.inputs[0], sample.truth] + sample.inputs.dropFirst(),
        note: sample.note, .pairs(relative: 1e-4), .relative(2e-5), .relative(2e-5),
        tiny: sample.tiny)
    }
  }
}
