import Compute
import Foundation

/// Times a fit of spots that are already in memory.
struct FitTiming {
  let device: any Device
  let runs: Int
  let box: Int

  /// Outputs of a fit that are read back, so that no plan can drop them.
  struct Outputs {
    let theta: Graph.Value
    let iterations: Graph.Value
    let bound: Graph.Value
  }

  /// Prints fits per second; returns the iterations per spot, and each op with its ns per spot.
  func measure(
    _ name: String, _ spots: [Float],
    fit: (inout Graph, _ spots: Graph.Value, _ total: Graph.Value) throws -> Outputs
  ) throws -> (iterations: Double, ops: [(name: String, nanoseconds: Double)]) {
    let count = spots.count / (box * box)
    var graph = Graph()
    let input = graph.input("spots", TensorType(.float32, count, box * box))
    let total = graph.constant(Tensor([Int32(count)], shape: [1]))
    let outputs = try fit(&graph, input, total)
    graph.output("theta", outputs.theta)
    graph.output("iterations", outputs.iterations)
    graph.output("bound", outputs.bound)
    let executable = try device.compile(Plan(graph, for: device.info), profiling: true)
    try executable.write("spots", spots)
    let (median, least, most) = try time(runs) {
      try executable.run()
      _ = try executable.read("iterations")
    }
    let iterations = try executable.read("iterations").values.reduce(0, +) / Double(count)
    print(
      String(
        format: "%@ %d×%d: %.0f fits/s (median of %d; %.0f to %.0f), %.2f iterations per spot",
        name, box, box, Double(count) / median, runs, Double(count) / most,
        Double(count) / least, iterations))
    let ops = executable.profile.map {
      (name: $0.op, nanoseconds: $0.seconds / Double(max($0.runs, 1)) / Double(count) * 1e9)
    }
    return (iterations, ops)
  }
}
