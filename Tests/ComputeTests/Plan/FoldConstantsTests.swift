import Compute
import TestSupport
import Testing

@Suite struct FoldConstantsTests {
  /// Camera maps made from constants are computed during planning, not in each run.
  @Test func constantMapsBecomeConstants() throws {
    var graph = Graph()
    let frames = graph.input("frames", TensorType(.uint16, 1, 2, 2))
    let offset = graph.constant(Tensor([90, 91, 92, 93] as [Float], shape: [2, 2]))
    let gain = graph.constant(Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
    let shifted = try graph.apply(Elementwise(.affine(scale: 1, shift: 10)), offset)
    let halved = try graph.apply(
      Elementwise(.affine(scale: 0.5, shift: 0)), graph.apply(Add(), gain, gain))
    graph.output("photons", try graph.apply(Calibrate(), frames, shifted, halved))
    let folded = try graph.foldingConstants()
    #expect(folded.ops.map(\.name) == ["calibrate"])

    let pixels: [UInt16] = [100, 103, 102, 105]
    for device in Devices.all {
      let plan = try Plan(graph, for: device.info)
      #expect(plan.graph.ops.map(\.name) == ["calibrate"])
      let executable = try device.compile(plan)
      try executable.write("frames", pixels)
      try executable.run()
      #expect(try executable.read("photons").values == [0, 4, 0, 8], "\(device.info.name)")
    }
  }

  @Test func whatDependsOnAnInputStays() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 2))
    let one = graph.constant(Tensor([1, 1] as [Float], shape: [2]))
    graph.output("y", try graph.apply(Add(), x, one))
    #expect(try graph.foldingConstants().ops.count == 1)
  }

  @Test func aConstantCanBeAnOutput() throws {
    var graph = Graph()
    let two = graph.constant(Tensor([2, 3] as [Float], shape: [2]))
    graph.output("y", try graph.apply(Elementwise(.affine(scale: 2, shift: 0)), two))
    let executable = try CPUDevice().compile(Plan(graph, for: CPUDevice().info))
    try executable.run()
    #expect(try executable.read("y").values == [4, 6])
  }

  @Test(arguments: 100..<140 as Range<UInt64>)
  func meaningStays(_ seed: UInt64) throws {
    let random = try RandomGraph(seed: seed)
    let folded = try random.graph.foldingConstants()
    #expect(folded.evaluate(random.inputs).mapValues(\.tensor) == random.expected())
  }
}
