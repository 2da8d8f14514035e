import TestSupport
import Testing

@testable import Compute

/// Parameters of a graph: constants if a plan has their values, otherwise state in a store.
@Suite struct ParameterTests {
  private static let names = ["w", "b", "scale", "shift"]

  private static func type(_ name: String) -> TensorType {
    name == "w" ? TensorType(.float32, 3, 3, 8, 8) : TensorType(.float32, 8)
  }

  private static let values = ParameterValues(
    Dictionary(
      uniqueKeysWithValues: names.enumerated().map { seed, name in
        let shape = type(name).shape
        return (name, Reference.random(shape, 0.5...1.5, seed: UInt64(seed)).tensor)
      }))

  /// A convolution with a scale and shift, which is folded into the weights if all are constants.
  private func graph(
    batch: Int = 2, _ value: (String, inout Graph) throws -> Graph.Value
  ) throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, batch, 9, 7, 8))
    let sums = try graph.apply(
      Convolution(bias: true), to: [x, value("w", &graph), value("b", &graph)])[0]
    graph.output(
      "y",
      try graph.apply(
        ChannelAffine(), sums, value("scale", &graph), value("shift", &graph)))
    return graph
  }

  private func learned(_ name: String, _ graph: inout Graph) throws -> Graph.Value {
    try graph.parameter(name, Self.type(name))
  }

  private func run(_ executable: any Executable) throws -> Tensor {
    let count = executable.plan.graph.type(of: Graph.Value(node: 0, output: 0)).count
    try executable.write("x", (0..<count).map { Float($0 % 23) - 11 })
    try executable.run()
    return try executable.read("y")
  }

  @Test func aNameIsOneValueOfOneType() throws {
    var graph = Graph()
    let w = try graph.parameter("w", TensorType(.float32, 3))
    #expect(try graph.parameter("w", TensorType(.float32, 3)) == w)
    #expect(graph.parameters == ["w": TensorType(.float32, 3)])
    let other = #expect(throws: ParameterError.self) {
      try graph.parameter("w", TensorType(.float32, 4))
    }
    #expect(other?.description == "parameter `w` is float32[3], not float32[4]")
    _ = graph.input("x", TensorType(.float32, 3))
    let taken = #expect(throws: ParameterError.self) {
      try graph.parameter("x", TensorType(.float32, 3))
    }
    #expect(taken?.description == "`x` is an input and cannot be a parameter as well")
  }

  /// The same passes, the same launches, the same bits.
  @Test func givenValuesAreConstants() throws {
    let (open, closed) = (
      try graph(learned), try graph { name, graph in graph.constant(Self.values[name]!) }
    )
    for device in Devices.all {
      let plans = (
        try Plan(open, for: device.info, parameters: Self.values),
        try Plan(closed, for: device.info)
      )
      #expect(plans.0.explain() == plans.1.explain() && plans.0.graph.ops.count == 1)
      let values = (try run(device.compile(plans.0)), try run(device.compile(plans.1)))
      #expect(values.0 == values.1, "\(device.info.name)")
    }
  }

  /// Parameters without values are state: results agree to rounding, and the host may change them.
  @Test func whatIsNotGivenIsState() throws {
    let graph = try graph(learned)
    let frozen = ParameterValues(["w": Self.values["w"]!])
    for device in Devices.all {
      let expected = try run(
        device.compile(Plan(graph, for: device.info, parameters: Self.values))
      ).values
      for plan in [
        try Plan(graph, for: device.info),
        try Plan(graph, for: device.info, parameters: frozen),
      ] {
        let store = try device.store(Self.values)
        let executable = try device.compile(plan, store: store)
        for (found, wanted) in zip(try run(executable).values, expected) {
          #expect(abs(found - wanted) < 1e-4 * max(abs(wanted), 100), "\(device.info.name)")
        }
        try store.write("scale", [Float](repeating: 0, count: 8))
        let shift = try store.read("shift").values
        #expect(Array(try run(executable).values.prefix(8)) == shift)
        #expect(store.bytes == Self.values.bytes)
      }
    }
  }

  @Test func valuesOfAnotherTypeAreRefused() throws {
    let graph = try graph(learned)
    var values = Self.values
    values["b"] = Tensor([1, 2] as [Float], shape: [2])
    let fixed = #expect(throws: ParameterError.self) {
      try Plan(graph, for: CPUDevice().info, parameters: values)
    }
    #expect(fixed?.description == "parameter `b` is float32[8], not float32[2]")
    for device in Devices.all {
      let plan = try Plan(graph, for: device.info)
      let missing = #expect(throws: ParameterError.self) { try device.compile(plan) }
      #expect(
        missing?.description.hasPrefix("there is no value for `w`, `b`, `scale`, `shift`\nhint: ")
          == true)
      let store = try device.store(values)
      let other = #expect(throws: ParameterError.self) { try device.compile(plan, store: store) }
      #expect(other?.description == "parameter `b` is float32[8], not float32[2]")
      let empty = try device.store(["w": Self.values["w"]!])
      let unknown = #expect(throws: ParameterError.self) {
        try device.compile(plan, store: empty)
      }
      #expect(unknown?.description == "there is no parameter `b`, only w")
      #expect(throws: ParameterError.self) { try empty.read("v") }
      #expect(throws: DeviceError.self) {
        try empty.write("w", [Float](repeating: 0, count: 1000))
      }
    }
  }

  /// A store in the memory of one device cannot be used on another.
  @Test(arguments: Devices.openCL.devices.map(\.info.name))
  func storesStayOnTheirDevice(_ name: String) throws {
    let device = try Devices.named(name)
    let plan = try Plan(graph(learned), for: device.info)
    let error = #expect(throws: ParameterError.self) {
      try device.compile(plan, store: CPUDevice().store(Self.values))
    }
    #expect(
      error?.description
        == "the parameters are not in the memory of \(name)\nhint: make a store on \(name)")
  }

  /// The gradient with respect to a parameter equals that with respect to an input.
  @Test func gradientsReachParameters() throws {
    var graph = try graph(learned)
    let y = graph.outputs[0].value
    let parameters = try Self.names.map { try learned($0, &graph) }
    let found = try graph.gradients(of: y, withRespectTo: parameters)
    for (name, value) in zip(Self.names, found) { graph.output("d\(name)", try #require(value)) }
    var inputs: [String: Reference] = [:]
    for name in Self.names { inputs[name] = Self.values[name].map { Reference($0) } }
    let x = Reference.random([2, 9, 7, 8], -1...1, seed: 9)
    inputs["x"] = x
    let expected = graph.evaluate(inputs)
    for device in Devices.all {
      let executable = try device.compile(
        Plan(graph, for: device.info), store: device.store(Self.values))
      try executable.write("x", x.tensor.bytes)
      try executable.run()
      for name in Self.names {
        let wanted = try #require(expected["d\(name)"]).values
        let scale = wanted.map(abs).max() ?? 0
        for (a, b) in zip(try executable.read("d\(name)").values, wanted) {
          #expect(abs(a - b) <= 1e-5 * scale, "\(device.info.name) \(name)")
        }
      }
    }
  }
}
