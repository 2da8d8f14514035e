import Compute
import TestSupport
import Testing

/// Whole random graphs on every device, compared with the references to the bit.
@Suite struct RandomGraphTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func everyDeviceAgreesWithTheDefinition(_ seed: UInt64) throws {
    let random = try RandomGraph(seed: seed)
    let expected = random.expected()
    for device in Devices.all {
      let executable = try device.compile(
        Plan(random.graph, for: device.info, forcing: RandomGraph.exactKernels))
      for (name, tensor) in try random.run(executable) {
        #expect(tensor.values == expected[name]?.values, "\(device.info.name), \(name)")
      }
    }
  }

  /// The generator must make graphs that differ and in which every pass has something to change.
  @Test func graphsAreVaried() throws {
    let graphs = try (0..<40).map { try RandomGraph(seed: $0).graph }
    let different = Set(try graphs.map { try $0.rewritten([]).ops.map(\.label) })
    #expect(different.count > 25, "many graphs are the same")
    /// How many graphs a pass changes.
    func changed(_ pass: (Graph) throws -> Graph) throws -> Int {
      try graphs.count {
        try pass($0).ops.map(\.label) != $0.rewritten([]).ops.map(\.label)
      }
    }
    #expect(try changed { try $0.foldingConstants() } >= 8)
    #expect(try changed { try $0.rewritten() } >= 20)
    #expect(try changed { try $0.fusingConvolutions() } >= 5)
    #expect(try changed { try $0.fusingEpilogues() } >= 12)
  }
}
