import Compute
import TestSupport
import Testing

/// Passes over networks give the same numbers as the original graph, except for the rounding of
/// folded weights.
@Suite struct NetworkPassesTests {
  private func agree(
    _ found: [Double], _ expected: [Double], within bound: Double, _ note: String
  ) {
    let scale = expected.reduce(1e-3) { max($0, abs($1)) }
    let worst = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(found.count == expected.count)
    #expect(worst <= bound * scale, "\(note): off by \(worst) of \(scale)")
  }

  @Test(arguments: 300..<330 as Range<UInt64>)
  func meaningStays(_ seed: UInt64) throws {
    let random = try RandomNetwork(seed: seed)
    let expected = random.graph.evaluate(random.inputs)["map"]!.values
    for rule in Rewrite.all {
      let graph = try random.graph.rewritten([rule])
      agree(graph.evaluate(random.inputs)["map"]!.values, expected, within: 1e-6, rule.name)
    }
    let fused = try random.graph.fusingConvolutions()
    agree(fused.evaluate(random.inputs)["map"]!.values, expected, within: 1e-6, "fusing")
    let all = try random.graph.rewritten().fusingConvolutions()
    agree(all.evaluate(random.inputs)["map"]!.values, expected, within: 1e-6, "all passes")
  }

  /// Weights are constants here, so they are prepared once; a second run uses them again.
  @Test(arguments: 300..<312 as Range<UInt64>)
  func devicesAgreeWithTheDefinition(_ seed: UInt64) throws {
    let random = try RandomNetwork(seed: seed)
    let expected = random.graph.evaluate(random.inputs)["map"]!.values
    for device in Devices.all {
      let executable = try device.compile(Plan(random.graph, for: device.info))
      try executable.write("image", random.inputs["image"]!.tensor.bytes)
      try executable.run()
      let first = try executable.read("map")
      agree(first.values, expected, within: 1e-4, device.info.name)
      try executable.run()
      #expect(try executable.read("map") == first)
    }
  }

  /// Patterns that are rare in the networks would hardly be tested.
  @Test func everyPassHasSomethingToDo() throws {
    let graphs = try (300..<330 as Range<UInt64>).map { try RandomNetwork(seed: $0).graph }
    func changed(_ pass: (Graph) throws -> Graph) throws -> Int {
      try graphs.count { try pass($0).ops.map(\.label) != $0.rewritten([]).ops.map(\.label) }
    }
    for rule in Rewrite.all {
      let count = try changed { try $0.rewritten([rule]) }
      #expect(count >= 6, "\(rule.name) changed \(count) of \(graphs.count)")
    }
    let fused = try changed { try $0.fusingConvolutions() }
    #expect(fused >= 12, "fusing changed \(fused)")
  }

  private func residualBlock() throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1, 4, 4, 8))
    let weights = graph.constant(Reference.random([3, 3, 8, 8], -1...1).tensor)
    let channel = graph.constant(Reference.random([8], 0.5...1).tensor)
    let sums = try graph.apply(Convolution(), x, weights)
    let active = try graph.apply(Elementwise(.leakyReLU(slope: 0.2)), sums)
    let norm = try graph.apply(BatchNorm(), active, channel, channel, channel, channel)
    graph.output("y", try graph.apply(Elementwise(.relu), graph.apply(Add(), x, norm)))
    return graph
  }

  @Test func aBlockBecomesOneLaunch() throws {
    let fused = try residualBlock().rewritten().fusingConvolutions()
    #expect(
      fused.ops.map(\.label) == ["convolution(s1 d1 same +leaky 0.2 +affine +add +ReLU)"])
  }

  @Test func normBeforeTheActivationGoesIntoTheWeights() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1, 4, 4, 3))
    let weights = graph.constant(Reference.random([3, 3, 3, 5], -1...1).tensor)
    let channel = graph.constant(Reference.random([5], 0.5...1).tensor)
    let sums = try graph.apply(Convolution(), x, weights)
    let norm = try graph.apply(BatchNorm(), sums, channel, channel, channel, channel)
    graph.output("y", try graph.apply(Elementwise(.relu), norm))
    let fused = try graph.rewritten().fusingConvolutions()
    #expect(fused.ops.map(\.label) == ["convolution(s1 d1 same +bias +ReLU)"])
  }

  /// The bare sums are also an output, so they must be kept.
  @Test func whatOthersWantStays() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1, 4, 4, 3))
    let sums = try graph.apply(
      Convolution(), x, graph.constant(Reference.random([1, 1, 3, 2], -1...1).tensor))
    graph.output("sums", sums)
    graph.output("y", try graph.apply(Elementwise(.relu), sums))
    #expect(try graph.fusingConvolutions().ops.count == 2)
  }

  @Test func constantWeightsArePreparedOnce() throws {
    let device = CPUDevice()
    let plan = try Plan(residualBlock(), for: device.info)
    #expect(plan.explain().contains("prepare once convolution/"))
  }
}
