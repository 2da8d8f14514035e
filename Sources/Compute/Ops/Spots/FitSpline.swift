import CPUKernels

/// Fits each spot with a spline PSF by maximum likelihood: x, y, photons, background, z.
///
/// Inputs: spots float32 [capacity, box²], total int32 [1], the PSF's grid and tables
/// (`SplineModel`), and optionally flags and a noise variance per
/// pixel (`SpotOp`). Outputs as
/// `FitSpots`; column 4 is z in nm, column 5 zero.
///
/// Babcock & Zhuang (Sci. Rep. 2017), Li et al. (Nat. Methods 2018); the optimiser is that of
/// `FitSpots`.
package struct FitSpline: SplineOp {
  package static let name = "fit spline"
  static let kernels = KernelPair(glint_cpu_fit_spline, glint_opencl_fit_spline)
  static let total = 1
  static let required = 4
  package let model: SplineModel
  /// Evaluations of the model per spot.
  package let iterations: Int
  /// As `FitSpots.tolerance`.
  package let tolerance: Float

  package init(_ model: SplineModel, iterations: Int = 50, tolerance: Float = 0.1) {
    self.model = model
    self.iterations = iterations
    self.tolerance = tolerance
  }

  package var parameters: String { "\(model.label) ≤ \(iterations), \(tolerance)" }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard Self.takes(inputs), inputs[3] == TensorType(.float32, model.tableShape) else {
      throw ShapeError(
        Self.name,
        "takes spots, their number, a grid, its tables and optionally flags and boxes of noise, not \(inputs)"
      )
    }
    try Self.check(inputs[0], box: model.box)
    try model.check(Self.name, grid: inputs[2])
    return SpotModel.fits(inputs[0].shape[0])
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let image = SplineImage(model: model, grid: inputs[2].values)
    return SpotReference.fits(
      image, spots: inputs[0], total: inputs[1], flags: Self.flags(inputs),
      noise: Self.noise(inputs))
  }

  /// The reference gives rows past the total the state −1.
  package func defined(_ outputs: [Reference]) -> [[Bool]?] { SpotReference.fitted(outputs) }

  /// Counts five evaluations per spot, the usual number: 123 multiply-adds for the spline and its
  /// derivatives, 30 operations for the sums.
  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(
      flops: inputs[0].count * 5 * 276,
      bytes: inputs[0].count * 5 * 64 * 4 + (inputs + outputs).bytes)
  }

  static func operands(_ site: Site) -> glint_fit_spline_operands {
    glint_fit_spline_operands(
      spots: .input(0), noise: noise(site), flags: flags(site), total: .input(total),
      grid: .input(2),
      tables: .input(3), theta: .output(0), iterations: .output(1), state: .output(2))
  }

  func kernelParameters(_ site: Site) -> glint_spline_params {
    model.kernelParameters(
      capacity: site.inputs[0].shape[0], flags: Self.hasFlags(site), noiseMap: Self.hasNoise(site),
      iterations: iterations,
      tolerance: tolerance)
  }

  /// The reference's optimiser may need another number of evaluations; a device at most
  /// `iterations`.
  package static var samples: [Sample] {
    SplineSamples.cases.map { sample in
      Sample(
        FitSpline(sample.model, iterations: 40, tolerance: 1e-3),
        [sample.spots, sample.total, sample.grid, sample.tables] + sample.optional,
        note: sample.note,
        .absolute(0.03, share: sample.share), .range(1...40), .absolute(0, share: sample.share),
        tiny: sample.tiny)
    }
  }
}
