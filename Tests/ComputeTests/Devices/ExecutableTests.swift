import CPUKernels
import Compute
import Foundation
import Reporting
import TestSupport
import Testing

/// The guarantees of every executable, on every device.
@Suite struct ExecutableTests {
  /// y = x + 1 over eight floats.
  private func graph() throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 8))
    graph.output("y", try graph.apply(Elementwise(.affine(scale: 1, shift: 1)), x))
    return graph
  }

  private func onEveryDevice(
    _ graph: Graph, profiling: Bool = false, _ body: (any Executable, String) throws -> Void
  ) throws {
    for device in Devices.all {
      let plan = try Plan(graph, for: device.info)
      try body(try device.compile(plan, profiling: profiling), device.info.name)
    }
  }

  @Test func partialWritesLeaveTheRest() throws {
    try onEveryDevice(try graph()) { executable, name in
      try executable.write("x", [1, 2, 3, 4, 5, 6, 7, 8] as [Float])
      try executable.write("x", [10, 20] as [Float])
      try executable.write("x", [] as [Float])
      try executable.run()
      #expect(try executable.read("y").values == [11, 21, 4, 5, 6, 7, 8, 9], "\(name)")
    }
  }

  @Test func aRunStopsOnRequest() throws {
    try onEveryDevice(try graph()) { executable, name in
      let stop = Cancellation()
      try executable.write("x", [1, 2, 3, 4, 5, 6, 7, 8] as [Float])
      try executable.run(until: stop)
      #expect(try executable.read("y").values == [2, 3, 4, 5, 6, 7, 8, 9], "\(name)")
      stop.cancel()
      #expect(throws: Interrupted.self, "\(name)") { try executable.run(until: stop) }
    }
  }

  /// One launch of many seconds ends early too.
  @Test func aRunStopsWithinALaunch() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1, 512, 512, 32))
    let weight = Tensor([Float](repeating: 0.5, count: 31 * 31 * 32 * 32), shape: [31, 31, 32, 32])
    graph.output("y", try graph.apply(Convolution(), x, graph.constant(weight)))
    let device = CPUDevice(threads: 2)
    let executable = try device.compile(try Plan(graph, for: device.info))
    let stop = Cancellation()
    // 5·10¹¹ operations.
    try Threads.start {
      usleep(100_000)
      stop.cancel()
    }
    let start = SteadyClock.seconds
    #expect(throws: Interrupted.self) { try executable.run(until: stop) }
    #expect(SteadyClock.seconds - start < 2)
  }

  @Test func partialReadsTakeTheStart() throws {
    try onEveryDevice(try graph()) { executable, name in
      try executable.write("x", [1, 2, 3, 4, 5, 6, 7, 8] as [Float])
      try executable.run()
      var three = [Float](repeating: 0, count: 3)
      try three.withUnsafeMutableBytes { try executable.read("y", into: $0) }
      #expect(three == [2, 3, 4], "\(name)")
      var none: [Float] = []
      try none.withUnsafeMutableBytes { try executable.read("y", into: $0) }
    }
  }

  @Test func moreThanAPortHasIsAnError() throws {
    try onEveryDevice(try graph()) { executable, _ in
      let error = #expect(throws: DeviceError.self) {
        try executable.write("x", [Float](repeating: 0, count: 9))
      }
      #expect(error?.description == "`x` is float32[8] and has 32 bytes, not 36")
      var nine = [Float](repeating: 0, count: 9)
      #expect(throws: DeviceError.self) {
        try nine.withUnsafeMutableBytes { try executable.read("y", into: $0) }
      }
    }
  }

  @Test func wrongNamesListTheRightOnes() throws {
    try onEveryDevice(try graph()) { executable, _ in
      let input = #expect(throws: DeviceError.self) { try executable.write("y", [0] as [Float]) }
      #expect(input?.description == "the plan has no input or output `y`, only x")
      let output = #expect(throws: DeviceError.self) { try executable.read("x") }
      #expect(output?.description == "the plan has no input or output `x`, only y")
    }
  }

  /// Executables do not affect each other, in any order.
  @Test func twoAreIndependent() throws {
    for device in Devices.all {
      let plan = try Plan(graph(), for: device.info)
      let (a, b) = (try device.compile(plan), try device.compile(plan))
      try a.write("x", [Float](repeating: 1, count: 8))
      try b.write("x", [Float](repeating: 100, count: 8))
      try a.run()
      try b.run()
      try a.write("x", [Float](repeating: -1, count: 8))
      #expect(try b.read("y").values == [Double](repeating: 101, count: 8))
      #expect(try a.read("y").values == [Double](repeating: 2, count: 8))
    }
  }

  /// Tensors without elements are allowed everywhere: a batch may be empty.
  @Test func emptyTensorsRun() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 0, 5))
    graph.output("y", try graph.apply(Add(), x, x))
    try onEveryDevice(graph) { executable, _ in
      try executable.run()
      #expect(try executable.read("y").values.isEmpty)
    }
  }

  @Test func timingsCountRunsAndAddUp() throws {
    try onEveryDevice(try graph(), profiling: true) { executable, name in
      #expect(executable.timings.map(\.label) == ["elementwise/elementwise"], "\(name)")
      for _ in 0..<3 { try executable.run() }
      let timing = executable.timings[0]
      #expect(timing.runs == 3)
      #expect(timing.seconds > 0 && timing.seconds < 60, "\(name)")
      try executable.run()
      #expect(executable.timings[0].seconds > timing.seconds, "\(name)")
    }
  }

  /// The number of items is read from memory when the launch starts, up to the room.
  @Test(arguments: [0, 3, 8, 9, -1])
  func countedLaunchesAreClamped(_ count: Int) throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 8))
    let n = graph.input("n", TensorType(.int32, 1))
    graph.output("y", try graph.apply(CountedCopy(), x, n))
    let device = CPUDevice()
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("x", [1, 2, 3, 4, 5, 6, 7, 8] as [Float])
    try executable.write("n", [Int32(count)])
    try executable.run()
    let copied = min(max(count, 0), 8)
    #expect(
      try executable.read("y").values == (1...8).map { $0 <= copied ? 2 * Double($0) : 0 })
  }
}

/// Doubles the first n elements.
private struct CountedCopy: NotDifferentiable {
  static let name = "counted copy"
  static var samples: [Sample] { [] }
  var openCL: [Candidate<OpenCLLaunch>] { [] }
  var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("vector") { site in
        .launches([
          CPULaunch(
            glint_cpu_add, glint_no_params(),
            .init(left: .input(0), right: .input(0), out: .output(0)),
            items: .counted(.input(1), limit: site.inputs[0].count))
        ])
      }
    ]
  }
  func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [inputs[0]] }
  func reference(_ inputs: [Reference]) -> [Reference] { inputs }
}
