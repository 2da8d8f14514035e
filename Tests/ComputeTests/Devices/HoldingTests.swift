import TestSupport
import Testing

@testable import Compute

/// A device holds constants once, however many executables use them.
///
/// Bytes are counted for the whole device, so these tests run one at a time with their own weights.
@Suite(.serialized) struct HoldingTests {
  /// Random weights that no other test uses, so that others may run meanwhile.
  private func values(_ seed: UInt64) -> ParameterValues {
    [
      "w": Reference.random([3, 3, 24, 40], -1...1, seed: seed).tensor,
      "b": Reference.random([40], -1...1, seed: seed + 1).tensor,
    ]
  }

  private func graph(batch: Int) throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, batch, 12, 12, 24))
    let w = try graph.parameter("w", TensorType(.float32, 3, 3, 24, 40))
    let b = try graph.parameter("b", TensorType(.float32, 40))
    graph.output("y", try graph.apply(Convolution(bias: true), x, w, b))
    return graph
  }

  private func held(_ plan: Plan, by device: any Device) -> Int {
    let held =
      (device as? OpenCLDevice)?.holdings.entryCount(of: plan.holdings)
      ?? (device as? CPUDevice)?.holdings.entryCount(of: plan.holdings)
    return held ?? -1
  }

  @Test func twoExecutablesShareOneCopy() throws {
    for device in Devices.all {
      let values = values(71)
      let plans = try [1, 4].map {
        try Plan(graph(batch: $0), for: device.info, parameters: values)
      }
      #expect(Set(plans[0].holdings) == Set(plans[1].holdings), "\(device.info.name)")
      #expect(plans[0].holdings.count == 2 && plans[0].heldBytes > 40 * 4)
      // Values with the same content are equal, wherever they were read from.
      let again = try Plan(graph(batch: 2), for: device.info, parameters: self.values(71))
      let others = try Plan(graph(batch: 1), for: device.info, parameters: self.values(171))
      #expect(Set(again.holdings) == Set(plans[0].holdings))
      #expect(Set(others.holdings).isDisjoint(with: plans[0].holdings))
      do {
        let first = try device.compile(plans[0])
        #expect(held(plans[0], by: device) == 2)
        let before = device.heldBytes
        let second = try device.compile(plans[1])
        #expect(held(plans[1], by: device) == 2)
        #expect(before >= plans[0].heldBytes)
        withExtendedLifetime((first, second)) {}
      }
      #expect(held(plans[0], by: device) == 0, "\(device.info.name)")
    }
  }

  /// The last user keeps it alive; results do not depend on which executable made it.
  @Test func theLastExecutableFreesIt() throws {
    for device in Devices.all {
      let plan = try Plan(graph(batch: 1), for: device.info, parameters: values(73))
      var first: (any Executable)? = try device.compile(plan)
      let second = try device.compile(plan)
      let x = Reference.random([1, 12, 12, 24], -1...1, seed: 3).tensor
      try first?.write("x", x.bytes)
      try first?.run()
      let expected = try first?.read("y")
      first = nil
      #expect(held(plan, by: device) == 2)
      try second.write("x", x.bytes)
      try second.run()
      #expect(try second.read("y") == expected, "\(device.info.name)")
    }
  }

  /// A plan's memory contains no constants; if only a packed form is read, the raw one is not held.
  @Test func memoryIsCountedOnce() throws {
    let values = values(75)
    for device in Devices.all {
      let plan = try Plan(graph(batch: 1), for: device.info, parameters: values)
      #expect(plan.arena.slots.count == 2 + plan.steps[0].workspace.count)
      #expect(plan.constantBytes == 0)
      let raw = plan.holdings.contains { $0.types[0].shape == [3, 3, 24, 40] }
      #expect(raw == (plan.steps[0].choice.candidate == "direct"), "\(device.info.name)")
      let constants = try Plan(plan.graph, for: device.info)
      #expect(constants.constantBytes == values.bytes && constants.heldBytes == plan.heldBytes)
    }
  }
}

extension Holdings {
  /// How many of `holdings` are in the device's memory.
  fileprivate func entryCount(of holdings: [Holding]) -> Int {
    holdings.count { contains($0) }
  }
}
