import TestSupport
import Testing

@testable import Compute

/// Subtracts a fraction of a gradient from a parameter, in place: an optimiser step.
private struct Descend: NotDifferentiable {
  static let name = "descend"
  static var samples: [Sample] { [] }
  /// Whether it declares that it can work in place.
  var declares = true
  var updates: [Int: Int] { declares ? [0: 0] : [:] }

  private var chain: Add { Add() }
  var cpu: [Candidate<CPULaunch>] { chain.cpu }
  var openCL: [Candidate<OpenCLLaunch>] { chain.openCL }
  func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try chain.outputs(inputs)
  }
  func reference(_ inputs: [Reference]) -> [Reference] { chain.reference(inputs) }
}

/// Ops that write a state's new value over the old one.
@Suite struct UpdateTests {
  private let type = TensorType(.float32, 5)

  /// y = 2 w, and a step w ← w + x.
  private func step(_ op: Descend = Descend(), first: Bool = false) throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", type)
    let w = try graph.parameter("w", type)
    if first { graph.output("w", try graph.apply(op, w, x)) }
    graph.output("y", try graph.apply(Elementwise(.affine(scale: 2, shift: 0)), w))
    if !first { graph.output("w", try graph.apply(op, w, x)) }
    return graph
  }

  /// Training and validation: what one executable writes, the other and the host can read.
  @Test func allExecutablesOfAStoreSeeAnUpdate() throws {
    var shown = Graph()
    let w = try shown.parameter("w", type)
    shown.output("z", try shown.apply(Elementwise(.affine(scale: 10, shift: 0)), w))
    for device in Devices.all {
      let store = try device.store(["w": Tensor([0, 1, 2, 3, 4] as [Float], shape: [5])])
      let training = try device.compile(Plan(step(), for: device.info), store: store)
      let validation = try device.compile(Plan(shown, for: device.info), store: store)
      try training.write("x", [1, 1, 1, 1, 1] as [Float])
      for time in 0..<20 {
        try training.run()
        try validation.run()
        let values = (1...5).map { Double(time + $0) }
        #expect(try validation.read("z").values == values.map { 10 * $0 }, "\(device.info.name)")
        #expect(try training.read("y").values == values.map { 2 * ($0 - 1) })
      }
      #expect(try store.read("w").values == [20, 21, 22, 23, 24])
      #expect(try training.read("w").values == [20, 21, 22, 23, 24])
      #expect(try store.values["w"] == store.read("w"))
      try store.write("w", [7, 7, 7, 7, 7] as [Float])
      try validation.run()
      #expect(try validation.read("z").values == [70, 70, 70, 70, 70])
    }
  }

  /// A graph has no fixed order: ops that read the old value come first.
  @Test func readersComeBeforeTheUpdate() throws {
    let device = CPUDevice(threads: 1)
    let store = try device.store(["w": Tensor([1, 2, 3, 4, 5] as [Float], shape: [5])])
    let plan = try Plan(step(first: true), for: device.info)
    #expect(plan.steps.map(\.op.name) == ["elementwise", "descend"])
    let executable = try device.compile(plan, store: store)
    try executable.write("x", [1, 1, 1, 1, 1] as [Float])
    try executable.run()
    #expect(try executable.read("y").values == [2, 4, 6, 8, 10])
    #expect(try executable.read("w").values == [2, 3, 4, 5, 6])
  }

  /// Inputs can be state of one executable in the same way.
  @Test func inputsAreStateOfOneExecutable() throws {
    var graph = Graph()
    let (x, sum) = (graph.input("x", type), graph.input("sum", type))
    graph.output("sum", try graph.apply(Descend(), sum, x))
    for device in Devices.all {
      let plan = try Plan(graph, for: device.info)
      let (one, other) = (try device.compile(plan), try device.compile(plan))
      for executable in [one, one, other] {
        try executable.write("x", [1, 2, 3, 4, 5] as [Float])
        try executable.run()
      }
      #expect(try one.read("sum").values == [2, 4, 6, 8, 10], "\(device.info.name)")
      #expect(try other.read("sum").values == [1, 2, 3, 4, 5])
    }
  }

  private func complaint(_ graph: Graph, _ values: ParameterValues = [:]) -> String {
    let error = #expect(throws: ParameterError.self) {
      try Plan(graph, for: CPUDevice().info, parameters: values)
    }
    return error?.description ?? ""
  }

  @Test func wrongUpdatesAreErrors() throws {
    #expect(
      complaint(try step(Descend(declares: false)))
        == "`w` cannot be overwritten by descend, because it does not declare this")
    #expect(
      complaint(try step(), ["w": Tensor([0, 0, 0, 0, 0] as [Float], shape: [5])]).hasPrefix(
        "parameter `w` is a constant of this plan, but the graph changes it\nhint: "))

    var graph = Graph()
    var (x, w) = (graph.input("x", type), try graph.parameter("w", type))
    graph.output("w", x)
    #expect(
      complaint(graph) == "`w` cannot be overwritten by a value that is not the result of an op")

    // Only the other operand may be overwritten.
    graph = Graph()
    (x, w) = (graph.input("x", type), try graph.parameter("w", type))
    graph.output("w", try graph.apply(Descend(), x, w))
    #expect(complaint(graph).contains("because it does not declare this"))

    graph = Graph()
    w = try graph.parameter("w", type)
    graph.output("w", try graph.apply(Descend(), w, w))
    #expect(complaint(graph) == "descend reads `w` after it was overwritten")

    graph = Graph()
    (x, w) = (graph.input("x", type), try graph.parameter("w", type))
    var new = try graph.apply(Descend(), w, x)
    graph.output("w", new)
    graph.output("change", try graph.apply(Add(), w, new))
    #expect(complaint(graph) == "add reads `w` after it was overwritten")

    graph = Graph()
    (x, w) = (graph.input("x", type), try graph.parameter("w", type))
    new = try graph.apply(Descend(), w, x)
    graph.output("w", new)
    graph.output("before", w)
    #expect(complaint(graph) == "`w` is overwritten, but the output `before` needs its old value")

    graph = Graph()
    w = try graph.parameter("w", type)
    graph.output("w", graph.input("v", TensorType(.float32, 6)))
    #expect(complaint(graph) == "parameter `w` is float32[5], not float32[6]")
  }
}
