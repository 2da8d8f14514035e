import CPUKernels

/// The worth of each fit of a spline PSF: Cramér–Rao bound, deviance and reduced χ².
///
/// Inputs: spots float32 [capacity, box²], parameters float32 [capacity, 6] of `FitSpline`, total int32
/// [1], the PSF's grid, and optionally a noise variance per pixel. Outputs as `AssessSpots`.
public struct AssessSpline: NotDifferentiable {
  public static let name = "assess spline"
  public let model: SplineModel

  public init(_ model: SplineModel) { self.model = model }

  public var parameters: String { model.label }

  public func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 4 || inputs.count == 5, let capacity = inputs[0].shape.first,
      inputs[1] == TensorType(.float32, capacity, SpotModel.columns),
      inputs[2] == TensorType(.int32, 1), inputs.count == 4 || inputs[4] == inputs[0]
    else {
      throw ShapeError(
        Self.name,
        "takes spots, their parameters, their number, a grid and optionally boxes of noise, not "
          + "\(inputs)")
    }
    try model.check(Self.name, inputs[0], inputs[3])
    return [
      TensorType(.float32, capacity, SpotModel.columns, 2), TensorType(.float32, capacity),
      TensorType(.float32, capacity),
    ]
  }

  public func reference(_ inputs: [Reference]) -> [Reference] {
    let image = SplineImage(model: model, grid: inputs[3].values)
    return SpotReference.worths(
      image, spots: inputs[0], theta: inputs[1], total: inputs[2],
      noise: inputs.count == 5 ? inputs[4] : nil)
  }

  /// The definition gives rows past the total the deviance −1.
  public func defined(_ outputs: [Reference]) -> [[Bool]?] { SpotReference.assessed(outputs) }

  public func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(
      flops: inputs[0].count * 310 + inputs[0].shape[0] * 2000,
      bytes: inputs[0].count * 64 * 4 + (inputs + outputs).reduce(0) { $0 + $1.bytes })
  }

  private func kernelParameters(_ site: Site) -> glint_spline_params {
    model.kernelParameters(capacity: site.inputs[0].shape[0], noiseMap: site.inputs.count == 5)
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
            "assess_spline", kernelParameters(site), operands(site),
            items: .counted(.input(2), limit: site.inputs[0].shape[0]), grain: 128,
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
            "spots/assess_spline.cl", defines: model.defines, kernelParameters(site),
            operands(site), items: capacity, global: [capacity * model.groupWidth],
            local: [model.groupWidth])
        ])
      }
    ]
  }

  public static var samples: [Sample] {
    SplineSamples.cases.filter { $0.share > 0.9 }.map { sample in
      Sample(
        AssessSpline(sample.model),
        [sample.spots, sample.truth, sample.total, sample.grid] + sample.noise, note: sample.note,
        .relative(2e-4, share: 0.5), .relative(2e-5), .relative(2e-5), tiny: sample.tiny)
    }
  }
}
