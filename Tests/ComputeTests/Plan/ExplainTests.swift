import Compute
import Testing

@Suite struct ExplainTests {
  /// Every launch with candidate, work and place; the arena at the end.
  @Test func saysWhatWasDecided() throws {
    var graph = Graph()
    let frames = graph.input("frames", TensorType(.uint16, 2, 4, 8))
    let photons = try graph.apply(Calibrate(offset: 100, gain: 2), frames)
    graph.output("sum", try graph.apply(Add(), photons, photons))
    let plan = try Plan(graph, for: CPUDevice(.baseline).info)
    #expect(
      plan.explain() == """
        calibrate(−100.0 ·0.5)  [rows]  128 flop, 384 B
            launch calibrate/calibrate_u16
            float32[2×4×8] at 0..<256
        add  [vector]  64 flop, 768 B
            launch add/add
            float32[2×4×8] at 256..<512
        arena 640 B on cpu:baseline; 640 B if nothing shared memory
        """)
  }

  @Test func namesTheKernelsOfEachDevice() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 4))
    graph.output("y", try graph.apply(Elementwise(.atLeast(0)), x))
    for device in Devices.all {
      let text = try Plan(graph, for: device.info).explain()
      #expect(text.contains("launch elementwise/elementwise"))
      #expect(text.contains(" on \(device.info.name);"))
    }
  }
}
