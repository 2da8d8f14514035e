import Foundation
import Testing

@testable import Compute
@testable import Networks

/// Whole published networks, on every instruction set and every OpenCL device.
///
/// A convolution may differ by a fraction of its result's rms, 10⁻⁴ for Winograd's F(4×4) and 10⁻⁵
/// for others. The effect on the network's outputs is measured: each layer's results are changed by
/// that amount, up or down, and the changes are summed over the layers.
@Suite struct DeviceAgreementTests {
  static let names = Systems.all.map { $0.name }

  private typealias Outputs = [[Double]]

  private func outputs(
    _ graph: Graph, _ frames: [Float], on device: any Device = CPUDevice(),
    forcing: [String: String] = [:]
  ) throws -> (values: Outputs, shares: [Double]) {
    let plan = try Plan(graph, for: device.info, forcing: forcing)
    let executable = try device.compile(plan)
    try executable.write("frames", frames)
    try executable.run()
    let layers = plan.steps.filter { $0.op is any ConvolutionLike }
    return (
      try graph.outputNames.map { try executable.read($0).values },
      layers.map { $0.choice.candidate == "winograd4" ? 1e-4 : 1e-5 }
    )
  }

  /// The largest change of each output when every result of a layer changes by that layer's rms.
  private func sensitivities(of graph: Graph, _ frames: [Float]) throws -> [[Double]] {
    let expected = try outputs(graph, frames).values
    let layers = graph.nodes.indices.filter {
      if case .op(is any ConvolutionLike, _) = graph.nodes[$0].source { true } else { false }
    }
    var seen = graph
    for layer in layers { seen.output("layer \(layer)", Graph.Value(node: layer, output: 0)) }
    let results = try outputs(seen, frames).values.suffix(layers.count)
    let step = 1e-3
    return try zip(layers.indices, results).map { layer, values in
      let rms = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
      let type = graph.nodes[layers[layer]].types[0]
      let signs = Reference.random(type.shape, -1...1, seed: UInt64(layer))
      let noise = Reference(type, signs.values.map { $0 < 0 ? -step * rms : step * rms }).tensor
      let moved = try outputs(self.moved(graph, layer, by: noise), frames).values
      return zip(moved, expected).map { largestDifference($0, $1) / step }
    }
  }

  private func moved(_ graph: Graph, _ layer: Int, by noise: Tensor) throws -> Graph {
    var index = -1
    return try graph.rebuilt { op, _, inputs, graph throws(ShapeError) in
      let values = try graph.apply(op, to: inputs)
      guard op is any ConvolutionLike else { return values }
      index += 1
      guard index == layer else { return values }
      return [try graph.apply(Add(), values[0], graph.constant(noise))]
    }
  }

  private func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test(arguments: names)
  func devicesAgreeWithinTheSummedBound(_ name: String) throws {
    let system = try #require(Systems.all.first { $0.name == name }).init()
    let network = system.network
    let (height, width) = system.inputSize ?? (network.aligned(12), network.aligned(10))
    let graph = try network.graph(
      network.randomWeights(seed: 5), batch: 2, height: height, width: width)
    // From −1 to 1, as in training: heads saturate for larger values and then hide rounding errors.
    let frames = ONNXTests.frames(2 * height * width * network.channels).map { $0 / 100 - 2 }
    let planned = try graph.foldingConstants().rewritten().fusingConvolutions()
      .fusingEpilogues()
    let moves = try sensitivities(of: planned, frames)
    let expected = try outputs(
      graph, frames, on: CPUDevice(.baseline),
      forcing: ["convolution": "direct", "dense": "direct"])
    for device in Devices.all {
      let found = try outputs(graph, frames, on: device)
      try #require(found.shares.count == moves.count)
      for (index, values) in expected.values.enumerated() {
        let bound = moves.indices.reduce(0) {
          $0 + (found.shares[$1] + expected.shares[$1]) * moves[$1][index]
        }
        let worst = largestDifference(found.values[index], values)
        #expect(worst <= bound, "\(device.info.name): \(worst) of \(bound)")
        // A bound as large as the output would detect nothing.
        let scale = values.reduce(0) { max($0, abs($1)) }
        #expect(bound < 0.1 * scale, "\(device.info.name): \(bound) of \(scale)")
      }
    }
  }
}
