import Foundation
import Testing

@testable import Compute
@testable import Networks

/// Whole networks, each as its authors publish it, on every instruction set and every OpenCL device.
///
/// A convolution may be off by a share of its result's rms, 10⁻⁴ for Winograd's F(4×4) and 10⁻⁵ for
/// others; two devices by the sum of both over the network's layers.
@Suite struct DeviceAgreementTests {
  static let names = Systems.all.map { $0.name }

  private func share(of plan: Plan) -> Double {
    plan.steps.filter { $0.op is any ConvolutionLike }
      .reduce(0) { $0 + ($1.choice.candidate == "winograd4" ? 1e-4 : 1e-5) }
  }

  private struct Result {
    let outputs: [(name: String, values: [Double])]
    let share: Double
  }

  private func result(
    _ graph: Graph, _ frames: [Float], on device: any Device, forcing: [String: String] = [:]
  ) throws -> Result {
    let plan = try Plan(graph, for: device.info, forcing: forcing)
    let executable = try device.compile(plan)
    try executable.write("frames", frames)
    try executable.run()
    return Result(
      outputs: try graph.outputNames.map { ($0, try executable.read($0).values) },
      share: share(of: plan))
  }

  @Test(arguments: names)
  func devicesAgreeWithinTheSummedBound(_ name: String) throws {
    let system = try #require(Systems.all.first { $0.name == name })
    let network = system.init().network
    let (height, width) =
      system.init().inputSize ?? (network.aligned(12), network.aligned(10))
    let batch = 2
    let graph = try network.graph(
      network.randomWeights(seed: 5), batch: batch, height: height, width: width)
    let frames = ONNXTests.frames(batch * height * width * network.channels)
    let expected = try result(
      graph, frames, on: CPUDevice(.baseline),
      forcing: ["convolution": "direct", "dense": "direct"])
    for device in Devices.all {
      let found = try result(graph, frames, on: device)
      for (own, (output, values)) in zip(found.outputs, expected.outputs) {
        #expect(values.contains { $0 != values[0] }, "\(output) is constant")
        let rms = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
        let worst = zip(own.values, values).reduce(0) { max($0, abs($1.0 - $1.1)) }
        let bound = (found.share + expected.share) * rms
        #expect(worst <= bound, "\(output) on \(device.info.name): \(worst) of \(bound)")
      }
    }
  }
}
