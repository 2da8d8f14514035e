import CPUKernels

public struct FitSpots: Op {
  public static let name = "fit"
  let model: SpotModel
  let box: Int
  let kernel: glint_fit_params

  public init(
    _ model: SpotModel, box: Int, sigma: Float, noiseVariance: Float = 0, maxIterations: Int = 50,
    tolerance: Float = 0.02
  ) {
    self.model = model
    self.box = box
    kernel = glint_fit_params(
      box: Int32(box), capacity: 0, has_noise_map: 0, noise_variance: noiseVariance, sigma_x: sigma,
      sigma_y: sigma, max_iterations: Int32(maxIterations), tolerance: tolerance)
  }

  public func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let n = inputs[0].shape[0]
    return [TensorType(.float32, n, 6), TensorType(.int32, n), TensorType(.int32, n)]
  }
  public func reference(_ inputs: [Reference]) -> [Reference] { [] }
  private func params(_ site: Site) -> glint_fit_params {
    var p = kernel
    p.capacity = Int32(site.inputs[0].shape[0])
    p.has_noise_map = site.inputs.count == 3 ? 1 : 0
    return p
  }
  private func operands(_ site: Site) -> [Operand] {
    [
      .input(0), site.inputs.count == 3 ? .input(2) : .none, .input(1), .output(0), .output(1),
      .output(2),
    ]
  }
  public var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("lanes") { site in
        .launches([
          CPULaunch(
            "fit_\(model.kernelSuffix)", params(site), operands(site),
            items: .counted(.input(1), limit: site.inputs[0].shape[0]), grain: 512,
            scratch: 4 * box * box * 64)
        ])
      }
    ]
  }
  public var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("item") { site in
        .launches([
          OpenCLLaunch(
            "spots/fit.cl", defines: model.defines(box: box), params(site), operands(site),
            items: site.inputs[0].shape[0])
        ])
      }
    ]
  }
  public static var samples: [Sample] { [] }
}

public struct AssessFit: Op {
  public static let name = "assess"
  let model: SpotModel
  let box: Int
  let kernel: glint_fit_params
  public init(_ model: SpotModel, box: Int, sigma: Float, noiseVariance: Float = 0) {
    self.model = model
    self.box = box
    kernel = glint_fit_params(
      box: Int32(box), capacity: 0, has_noise_map: 0, noise_variance: noiseVariance, sigma_x: sigma,
      sigma_y: sigma, max_iterations: 0, tolerance: 0)
  }
  public func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let n = inputs[0].shape[0]
    return [TensorType(.float32, n, 6, 2), TensorType(.float32, n), TensorType(.float32, n)]
  }
  public func reference(_ inputs: [Reference]) -> [Reference] { [] }
  private func params(_ site: Site) -> glint_fit_params {
    var p = kernel
    p.capacity = Int32(site.inputs[0].shape[0])
    p.has_noise_map = site.inputs.count == 4 ? 1 : 0
    return p
  }
  private func operands(_ site: Site) -> [Operand] {
    [
      .input(0), site.inputs.count == 4 ? .input(3) : .none, .input(1), .input(2), .output(0),
      .output(1), .output(2),
    ]
  }
  public var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("lanes") { site in
        .launches([
          CPULaunch(
            "assess_\(model.kernelSuffix)", params(site), operands(site),
            items: .counted(.input(2), limit: site.inputs[0].shape[0]), grain: 512,
            scratch: 4 * box * box * 64)
        ])
      }
    ]
  }
  public var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("item") { site in
        .launches([
          OpenCLLaunch(
            "spots/assess.cl", defines: model.defines(box: box), params(site), operands(site),
            items: site.inputs[0].shape[0])
        ])
      }
    ]
  }
  public static var samples: [Sample] { [] }
}
