import Compute
import Microscopy
import Optics

/// The result of a fit of one spot; `errors` are standard errors, in the unit of each parameter.
struct FittedSpot {
  var theta: [Double]
  var errors: [Double]
  var iterations: Int
  var state: FitState
}

/// Fits spots as `glint localize` does: with the same ops, planned for one device.
struct SpotFitter {
  let device: any Device

  func fit(_ spots: [Spot], _ condition: Condition) throws -> [FittedSpot] {
    let rows = spots.count
    let model = SpotModel(
      condition.sigma, box: condition.box,
      sigmaX: Float(condition.psfSigma), noise: Float(condition.readNoise * condition.readNoise))
    var graph = Graph()
    let pixels = graph.input("spots", TensorType(.float32, rows, condition.box * condition.box))
    let total = graph.constant(Tensor([Int32(rows)], shape: [1]))
    let fitted = try graph.apply(FitSpots(model), to: [pixels, total])
    let assessed = try graph.apply(AssessSpots(model), to: [pixels, fitted[0], total])
    for (name, value) in [
      ("theta", fitted[0]), ("iterations", fitted[1]), ("state", fitted[2]), ("bound", assessed[0]),
    ] { graph.output(name, value) }
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("spots", spots.flatMap(\.pixels))
    return try results(executable, rows: rows)
  }

  /// Fits of x, y and z; `maps` are the pixels' variances.
  func fit(
    _ spots: [Spot], _ condition: AxialCondition, _ psf: CalibratedPSF, maps: [[Double]]
  ) throws -> [FittedSpot] {
    let (rows, pixels) = (spots.count, condition.box * condition.box)
    let excess = condition.excess
    let mean = maps.joined().reduce(0, +) / Double(rows * pixels) / (excess * excess)
    var graph = Graph()
    let boxes = graph.input("spots", TensorType(.float32, rows, pixels))
    let total = graph.constant(Tensor([Int32(rows)], shape: [1]))
    let noise =
      condition.noise == .scmos
      ? graph.constant(Tensor(maps.joined().map { Float($0) }, shape: [rows, pixels])) : nil
    let fitted = try AxialFit(psf, box: condition.box, noise: mean)
      .apply(to: &graph, spots: boxes, total: total, noise: noise)
    for (name, value) in [
      ("theta", fitted.theta), ("iterations", fitted.iterations), ("state", fitted.state),
      ("bound", fitted.bound),
    ] { graph.output(name, value) }
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("spots", spots.flatMap(\.pixels))
    return try results(executable, rows: rows).map { fit in
      var fit = fit
      for light in [2, 3] {
        fit.theta[light] *= excess
        fit.errors[light] *= excess
      }
      return fit
    }
  }

  private func results(_ executable: any Executable, rows: Int) throws -> [FittedSpot] {
    try executable.run()
    let theta = try executable.read("theta").values
    let iterations = try executable.read("iterations").values
    let state = try executable.read("state").values
    // Each variance has two parts, whose sum is more precise than either.
    let variance = try executable.read("bound").values
    let width = SpotModel.columns
    return (0..<rows).map { row in
      let columns = row * width..<(row + 1) * width
      return FittedSpot(
        theta: Array(theta[columns]),
        errors: columns.map { (variance[2 * $0] + variance[2 * $0 + 1]).squareRoot() },
        iterations: Int(iterations[row]), state: FitState(rawValue: Int(state[row])) ?? .invalid)
    }
  }
}
