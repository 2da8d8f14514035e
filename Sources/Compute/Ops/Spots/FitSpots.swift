import CPUKernels

/// Fits each spot by maximum likelihood (or least squares): Levenberg–Marquardt with expected
/// information and a Cholesky solver.
///
/// Inputs: spots float32 [capacity, box²] in counts whose variance is their mean, total int32 [1],
/// and optionally flags and a noise variance per
/// pixel (`SpotOp`). Outputs: parameters float32
/// [capacity, 6] in the order of `SpotModel`, iterations int32 [capacity], state int32 [capacity]
/// (`FitState`; parameters of an invalid spot are NaN); rows past the total are undefined.
///
/// Laurence & Chromy (Nat. Methods 2010) with Fisher's information; read noise as in Huang et al.
/// (Nat. Methods 2013): its variance is added to data and model. Negative data are not clipped.
package struct FitSpots: SpotOp {
  package static let name = "fit"
  static let total = 1
  static let required = 2
  package let model: SpotModel
  /// Evaluations of the model per spot.
  package let iterations: Int
  /// A fit has converged when its next step is shorter than this, in standard errors. That step is
  /// still taken, so the remaining distance is about ten times smaller.
  package let tolerance: Float

  package init(_ model: SpotModel, iterations: Int = 50, tolerance: Float = 0.1) {
    self.model = model
    self.iterations = iterations
    self.tolerance = tolerance
  }

  package var parameters: String { "\(model.label) ≤ \(iterations), \(tolerance)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard Self.takes(inputs) else {
      throw ShapeError(
        Self.name,
        "takes spots, their number and optionally flags and as many boxes of noise, not \(inputs)")
    }
    try Self.check(inputs[0], box: model.box)
    try model.check(Self.name)
    return SpotModel.fits(inputs[0].shape[0])
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    SpotReference.fits(
      model, spots: inputs[0], total: inputs[1], flags: Self.flags(inputs),
      noise: Self.noise(inputs))
  }

  /// The reference gives rows past the total the state −1.
  package func defined(_ outputs: [Reference]) -> [[Bool]?] { SpotReference.fitted(outputs) }

  /// Counts three evaluations per spot, the usual number.
  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(
      flops: inputs[0].count * 3 * (model.parameters == 4 ? 24 : 34),
      bytes: (inputs + outputs).bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_fit_params {
    model.kernelParameters(
      capacity: site.inputs[0].shape[0], flags: Self.hasFlags(site), noiseMap: Self.hasNoise(site),
      iterations: iterations,
      tolerance: tolerance)
  }

  private func operands(_ site: Site) -> glint_fit_operands {
    glint_fit_operands(
      spots: .input(0), noise: Self.noise(site), flags: Self.flags(site), total: .input(Self.total),
      theta: .output(0),
      iterations: .output(1), state: .output(2))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("lanes") { site in
      CPULaunch(
        glint_cpu_fit, kernelParameters(site), operands(site),
        items: Self.items(site), grain: 512, scratch: model.scratch(boxes: 4))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("item") { site in
      let capacity = site.inputs[0].shape[0]
      return OpenCLLaunch(
        glint_opencl_fit, defines: model.defines, kernelParameters(site), operands(site),
        items: capacity,
        global: [min(capacity, site.device.units * 1024)])
    }
  }

  /// The reference's optimiser may need another number of evaluations; a device at most
  /// `iterations`.
  package static var samples: [Sample] {
    SpotSamples.cases.map { sample in
      Sample(
        FitSpots(sample.model, iterations: 40, tolerance: 1e-3), sample.inputs, note: sample.note,
        .absolute(0.02, share: sample.share), .range(1...40),
        .absolute(0, share: sample.share), tiny: sample.tiny)
    }
  }
}
