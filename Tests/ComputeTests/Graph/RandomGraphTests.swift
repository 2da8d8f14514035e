import Compute
import TestSupport
import Testing

/// Whole random graphs on every device against the definitions, to the bit.
@Suite struct RandomGraphTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func everyDeviceAgreesWithTheDefinition(_ seed: UInt64) throws {
    let random = try RandomGraph(seed: seed)
    let expected = random.expected()
    for device in Devices.all {
      let executable = try device.compile(Plan(random.graph, for: device.info))
      for (name, tensor) in try random.run(executable) {
        #expect(tensor.values == expected[name]?.values, "\(device.info.name), \(name)")
      }
    }
  }

  /// The generator itself must make graphs that differ and that every pass has something to do in.
  @Test func graphsAreVaried() throws {
    let graphs = try (0..<40).map { try RandomGraph(seed: $0).graph }
    #expect(Set(graphs.map { $0.ops.map(\.label) }).count == 40)
    #expect(
      try graphs.contains { try $0.foldingConstants().ops.count < $0.rewritten([]).ops.count })
    #expect(try graphs.contains { try $0.rewritten().ops.count < $0.rewritten([]).ops.count })
    #expect(try graphs.contains { try $0.fusingEpilogues().ops.count < $0.rewritten([]).ops.count })
  }
}
