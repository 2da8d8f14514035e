import Compute
import Microscopy

/// Fits boxes of pixels on the CPU, with the fits that `localize` uses.
enum SpotRun {
  /// Rows of `SpotModel.columns` parameters; nil for fits that did not converge.
  ///
  /// - Parameters:
  ///   - spots: squares of box² pixels, including background.
  ///   - fit: adds the fit to the graph and returns its parameters and states.
  static func parameters(
    of spots: [[Float]], box: Int,
    fit: (inout Graph, _ spots: Graph.Value, _ total: Graph.Value) throws -> (
      theta: Graph.Value, state: Graph.Value
    )
  ) throws -> [[Double]?] {
    guard !spots.isEmpty else { return [] }
    var graph = Graph()
    let pixels = graph.input("spots", TensorType(.float32, spots.count, box * box))
    let total = graph.constant(Tensor([Int32(spots.count)], shape: [1]))
    let fitted = try fit(&graph, pixels, total)
    graph.output("theta", fitted.theta)
    graph.output("state", fitted.state)
    let device = CPUDevice()
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("spots", spots.flatMap { $0 })
    try executable.run()
    let theta = try executable.read("theta").values
    let state = try executable.read("state").values
    let columns = SpotModel.columns
    return spots.indices.map { row in
      state[row] == Double(FitState.converged.rawValue)
        ? (0..<columns).map { Double(theta[row * columns + $0]) } : nil
    }
  }
}
