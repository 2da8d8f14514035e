import Compute
import Microscopy

/// Widths of a bead in one plane, as an elliptical Gaussian fits it.
public struct WidthSample: Codable, Hashable, Sendable {
  public var bead: Int
  /// Height of the bead, nm.
  public var z: Double
  /// px
  public var sigmaX: Double
  public var sigmaY: Double
}

/// Fits every plane of a bead with an elliptical Gaussian: the fit that `localize` does.
struct WidthFit {
  let side: Int

  /// - Parameters:
  ///   - spots: boxes of side² pixels, the background included.
  /// - Returns: σx, σy of each spot, px; nil where the fit did not converge.
  func widths(_ spots: [[Float]]) throws -> [(x: Double, y: Double)?] {
    let box = min(side, 31)
    let cut = (side - box) / 2
    let model = SpotModel(.elliptical, box: box, sigmaX: 1.5)
    var graph = Graph()
    let pixels = graph.input("spots", TensorType(.float32, spots.count, box * box))
    let total = graph.constant(Tensor([Int32(spots.count)], shape: [1]))
    let fitted = try graph.apply(FitSpots(model, iterations: 100), to: [pixels, total])
    graph.output("theta", fitted[0])
    graph.output("state", fitted[2])
    let device = CPUDevice()
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write(
      "spots",
      spots.flatMap { spot in
        (cut..<cut + box).flatMap { spot[$0 * side + cut..<$0 * side + cut + box] }
      })
    try executable.run()
    let theta = try executable.read("theta").values
    let state = try executable.read("state").values
    return spots.indices.map { row in
      let sigmas = (4...5).map { Double(theta[row * SpotModel.columns + $0]) }
      let good =
        state[row] == Double(FitState.converged.rawValue)
        && sigmas.allSatisfy { $0 > 0.4 && $0 < Double(box) / 2 }
      return good ? (sigmas[0], sigmas[1]) : nil
    }
  }
}
