import CPUKernels

/// Fits each spot with a spline PSF by maximum likelihood: x, y, photons, background, z.
///
/// Inputs: spots float32 [capacity, box²], total int32 [1], the PSF's grid and tables (`SplineModel`),
/// and optionally a noise variance per pixel float32 [capacity, box²]. Outputs as `FitSpots`, column 4
/// z in nm, column 5 zero.
///
/// Babcock & Zhuang (Sci. Rep. 2017), Li et al. (Nat. Methods 2018); the optimiser is that of
/// `FitSpots`.
public struct FitSpline: NotDifferentiable {
  public static let name = "fit spline"
  public let model: SplineModel
  /// Evaluations of the model per spot.
  public let iterations: Int
  /// As `FitSpots.tolerance`.
  public let tolerance: Float

  public init(_ model: SplineModel, iterations: Int = 50, tolerance: Float = 0.1) {
    self.model = model
    self.iterations = iterations
    self.tolerance = tolerance
  }

  public var parameters: String { "\(model.label) ≤ \(iterations), \(tolerance)" }

  public func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 4 || inputs.count == 5, inputs[1] == TensorType(.int32, 1),
      inputs[3] == TensorType(.float32, model.tableShape),
      inputs.count == 4 || inputs[4] == inputs[0]
    else {
      throw ShapeError(
        Self.name,
        "takes spots, their number, a grid, its tables and optionally boxes of noise, not \(inputs)"
      )
    }
    try model.check(Self.name, inputs[0], inputs[2])
    let capacity = inputs[0].shape[0]
    return [
      TensorType(.float32, capacity, SpotModel.columns), TensorType(.int32, capacity),
      TensorType(.int32, capacity),
    ]
  }

  public func reference(_ inputs: [Reference]) -> [Reference] {
    let image = SplineImage(model: model, grid: inputs[2].values)
    return SpotReference.fits(
      image, spots: inputs[0], total: inputs[1], noise: inputs.count == 5 ? inputs[4] : nil)
  }

  /// The definition gives rows past the total the state −1.
  public func defined(_ outputs: [Reference]) -> [[Bool]?] { SpotReference.fitted(outputs) }

  /// Counted for five evaluations a spot, which is usual: 123 multiply-adds for the spline and its
  /// derivatives, 30 operations for the sums.
  public func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(
      flops: inputs[0].count * 5 * 276,
      bytes: inputs[0].count * 5 * 64 * 4 + (inputs + outputs).reduce(0) { $0 + $1.bytes })
  }

  private func kernelParameters(_ site: Site) -> glint_spline_params {
    model.kernelParameters(
      capacity: site.inputs[0].shape[0], noiseMap: site.inputs.count == 5, iterations: iterations,
      tolerance: tolerance)
  }

  private func operands(_ site: Site) -> [Operand] {
    [
      .input(0), site.inputs.count == 5 ? .input(4) : .none, .input(1), .input(2), .input(3),
      .output(0), .output(1), .output(2),
    ]
  }

  public var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("columns") { site in
        .launches([
          CPULaunch(
            "fit_spline", kernelParameters(site), operands(site),
            items: .counted(.input(1), limit: site.inputs[0].shape[0]), grain: 128,
            scratch: model.scratch)
        ])
      }
    ]
  }

  public var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("group") { site in
        let capacity = site.inputs[0].shape[0]
        return .launches([
          OpenCLLaunch(
            "spots/fit_spline.cl", defines: model.defines, kernelParameters(site), operands(site),
            items: capacity, global: [capacity * model.groupWidth], local: [model.groupWidth])
        ])
      }
    ]
  }

  public static var samples: [Sample] {
    SplineSamples.cases.map { sample in
      Sample(
        FitSpline(sample.model, iterations: 40, tolerance: 1e-3),
        [sample.spots, sample.total, sample.grid, sample.tables] + sample.noise, note: sample.note,
        .absolute(0.03, share: sample.share), .absolute(1000), .absolute(0, share: sample.share),
        tiny: sample.tiny)
    }
  }
}

extension SplineModel {
  /// The device kernels' choices.
  var defines: [String: String] { ["BOX": "\(box)", "WIDTH": "\(groupWidth)"] }
}
