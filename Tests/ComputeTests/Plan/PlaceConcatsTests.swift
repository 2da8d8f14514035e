import Testing

@testable import Compute

/// Concatenations without copies: results equal the reference, with no launch where none is needed.
@Suite struct PlaceConcatsTests {
  /// A level of a U-Net: a skip that is also pooled, enlarged deeper features, a sum with the skip.
  private func level(
    _ outputs: (Graph.Value, Graph.Value, inout Graph) throws -> Void = { _, _, _ in }
  ) throws -> Graph {
    var graph = Graph()
    func weights(_ shape: [Int], _ seed: UInt64) -> Graph.Value {
      graph.constant(Reference.random(shape, -1...1, seed: seed).tensor)
    }
    let x = graph.input("x", TensorType(.float32, 2, 6, 8, 5))
    let skip = try graph.apply(Convolution(), x, weights([3, 3, 5, 9], 1))
    let down = try graph.apply(
      Convolution(stride: 2, padding: .valid), skip, weights([2, 2, 9, 7], 2))
    let pooled = try graph.apply(Pool(.max), skip)
    let deep = try graph.apply(Concat(), down, pooled)
    let up = try graph.apply(Upsample(.bilinear), deep)
    let whole = try graph.apply(Concat(), skip, up)
    let sums = try graph.apply(Convolution(), whole, weights([3, 3, 25, 9], 3))
    graph.output("y", try graph.apply(Add(), sums, skip))
    try outputs(skip, whole, &graph)
    return graph
  }

  private let inputs = ["x": Reference.random([2, 6, 8, 5], -1...1, seed: 4)]

  @Test(arguments: Devices.all.map(\.info.name))
  func numbersStay(_ name: String) throws {
    let graph = try level()
    let expected = graph.evaluate(inputs)["y"]!.values
    let device = try Devices.named(name)
    var tried: [String] = []
    for candidate in ["winograd4", "winograd2", "gemm", "direct"] {
      do {
        let plan = try Plan(
          graph, for: device.info, forcing: ["convolution": candidate], guarded: true)
        check(try run(plan, on: device), expected, "\(name) \(candidate)")
        tried.append(candidate)
      } catch is PlanError {
        // For this candidate, one of the convolutions does not apply.
      }
    }
    #expect(tried.contains("direct"), "only \(tried) could be planned")
    check(try run(Plan(graph, for: device.info), on: device), expected, name)
  }

  private func run(_ plan: Plan, on device: any Device) throws -> [Double] {
    let executable = try device.compile(plan)
    try executable.write("x", inputs["x"]!.tensor.bytes)
    try executable.run()
    try executable.run()
    return try executable.read("y").values
  }

  private func check(_ found: [Double], _ expected: [Double], _ note: String) {
    let worst = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(found.count == expected.count && worst < 1e-3, "\(note): off by \(worst)")
  }

  @Test func nothingIsCopied() throws {
    let plan = try Plan(level(), for: CPUDevice().info)
    #expect(plan.graph.placedParts().count == 4)
    #expect(!plan.explain().contains("put_channels"))
  }

  /// Graph outputs, and inputs of ops that take only whole tensors, stay dense and are copied.
  @Test func whatOthersWantDenseIsCopied() throws {
    let info = CPUDevice().info
    let named = try level { skip, _, graph in graph.output("skip", skip) }
    #expect(try Plan(named, for: info).graph.placedParts().count == 3)
    let softened = try level { skip, _, graph in
      graph.output("soft", try graph.apply(Softmax(), skip))
    }
    #expect(try Plan(softened, for: info).graph.placedParts().count == 3)
  }

  @Test func aPartThatAppearsTwiceIsCopied() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1, 4, 4, 3))
    let pooled = try graph.apply(Pool(.max), x)
    graph.output("y", try graph.apply(Concat(), pooled, pooled))
    #expect(graph.placedParts().isEmpty)
  }

  /// The whole lives from its first part on: no other tensor may use its memory in between.
  @Test func theWholeLivesFromItsFirstPart() throws {
    let plan = try Plan(level(), for: CPUDevice().info)
    let whole = try #require(plan.steps.last { $0.op is Concat })
    let first = try #require(
      plan.steps.firstIndex { $0.outputs == whole.outputs && !($0.op is Concat) })
    let own = try slot(whole.outputs[0], of: plan)
    for step in plan.steps[first...] where step.outputs != whole.outputs {
      for other in step.outputs {
        let neighbour = try slot(other, of: plan)
        #expect(
          !neighbour.range.overlaps(own.range) || !neighbour.life.overlaps(own.life),
          "\(step.op.label)")
      }
    }
  }

  private func slot(_ place: Plan.Place, of plan: Plan) throws -> Slot {
    guard case .arena(let index) = place else {
      Issue.record("a result lies in the arena, not at \(place)")
      throw CancellationError()
    }
    return plan.arena.slots[index]
  }

  /// Results beyond the caches' size are stored past them where a vector is a cache line; other
  /// instruction sets and candidates do it otherwise, and come to the same numbers.
  @Test func largeResultsAreTheSame() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1, 160, 180, 16))
    let weights = graph.constant(Reference.random([3, 3, 16, 80], -1...1, seed: 1).tensor)
    let left = try graph.apply(Convolution(), x, weights)
    let right = try graph.apply(
      Convolution(), x, graph.constant(Reference.random([1, 1, 16, 96], -1...1, seed: 2).tensor))
    let whole = try graph.apply(Concat(), left, right)
    graph.output("y", try graph.apply(Pool(.average), whole))
    let image = Reference.random([1, 160, 180, 16], -1...1, seed: 3).tensor.bytes
    func result(_ device: CPUDevice, _ forcing: [String: String]) throws -> [Double] {
      let executable = try device.compile(Plan(graph, for: device.info, forcing: forcing))
      try executable.write("x", image)
      try executable.run()
      return try executable.read("y").values
    }
    let expected = try result(CPUDevice(.baseline), ["convolution": "gemm"])
    for set in CPUDevice.InstructionSet.present {
      check(try result(CPUDevice(set), [:]), expected, "\(set)")
      check(try result(CPUDevice(set, threads: 3), [:]), expected, "\(set), three threads")
    }
  }
}
