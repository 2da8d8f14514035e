import Compute
import TestSupport
import Testing

/// Whole plans fall back to the CPU, with one line of notice.
@Suite struct FallbackTests {
  private func graph() throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 4))
    graph.output("y", try graph.apply(Elementwise(.affine(scale: 2, shift: 0)), x))
    return graph
  }

  private func work(_ graph: Graph) -> (any Device) throws -> [Double] {
    { device in
      let executable = try device.compile(Plan(graph, for: device.info))
      try executable.write("x", [1, 2, 3, 4] as [Float])
      try executable.run()
      return try executable.read("y").values
    }
  }

  @Test func aDeviceThatWorksIsKept() throws {
    for device in Devices.all {
      let fallback = Fallback(from: device) { Issue.record("\($0)") }
      #expect(try fallback.perform(work(graph())) == [2, 4, 6, 8])
      #expect(fallback.device.info.name == device.info.name)
    }
  }

  /// The CPU takes over what `device` cannot do; returns the line that is reported.
  private func line(
    of device: any Device, _ graph: Graph, times: Int = 1
  ) throws -> String {
    var lines: [String] = []
    let fallback = Fallback(from: device) { lines.append($0) }
    for _ in 0..<times { #expect(try fallback.perform(work(graph)) == [2, 4, 6, 8]) }
    #expect(fallback.device.info.kind == .cpu && lines.count == 1)
    return lines.first ?? ""
  }

  @Test func compilingFails() throws {
    let broken = BentDevice(CPUDevice(), .doesNotCompile, kind: .openCLGPU)
    #expect(
      try line(of: broken, graph())
        == "computing on cpu instead of opencl:bent: kernel tensor/add.cl [] cannot be compiled "
        + "for opencl:bent")
  }

  @Test func noCandidateApplies() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 4))
    graph.output("y", try graph.apply(CPUOnly(), x))
    let device = BentDevice(CPUDevice(), .lastBit, kind: .openCLGPU)
    #expect(
      try line(of: device, graph)
        .contains("cpu only cannot be planned on opencl:bent: item: no room"))
  }

  @Test func theDeviceIsTooSmall() throws {
    #expect(
      try line(of: SmallDevice(), graph())
        == "computing on cpu instead of opencl:small: the plan needs 128 bytes, but opencl:small "
        + "has only 100")
  }

  /// A batch fails during a run; it is repeated and nothing is lost.
  @Test func aRunFails() throws {
    let flaky = BentDevice(CPUDevice(), .failsAtRun(1), kind: .openCLGPU)
    #expect(
      try line(of: flaky, graph(), times: 5)
        == "computing on cpu instead of opencl:bent: clFlush failed on opencl:bent with "
        + "CL_OUT_OF_RESOURCES (-5)")
  }

  @Test(arguments: [BentDevice.Bend.doesNotCompile, .failsAtRun(1)])
  func theSpareHasNoSpare(_ bend: BentDevice.Bend) throws {
    let fallback = Fallback(from: BentDevice(CPUDevice(), bend)) { Issue.record("\($0)") }
    #expect(throws: DeviceError.self) { try fallback.perform(work(graph())) }
  }

  /// A wrong name is the caller's fault on every device.
  @Test(arguments: Devices.openCL.devices.map(\.info.name))
  func wrongNamesDoNotFallBack(_ name: String) throws {
    let fallback = Fallback(from: try Devices.named(name)) { Issue.record("\($0)") }
    let plan = try Plan(graph(), for: fallback.device.info)
    #expect(throws: DeviceError.self) {
      try fallback.perform { try $0.compile(plan).read("z") }
    }
  }
}

/// An op that no OpenCL device can do.
private struct CPUOnly: NotDifferentiable {
  static let name = "cpu only"
  static var samples: [Sample] { [] }
  var openCL: [Candidate<OpenCLLaunch>] { [Candidate("item") { _ in .declined("no room") }] }
  var cpu: [Candidate<CPULaunch>] { Elementwise(.affine(scale: 2, shift: 0)).cpu }
  func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { inputs }
  func reference(_ inputs: [Reference]) -> [Reference] { inputs }
}

/// An OpenCL device with a hundred bytes.
private struct SmallDevice: Device {
  var info: DeviceInfo {
    var info = CPUDevice().info
    info.name = "opencl:small"
    info.kind = .openCLGPU
    info.maxAllocation = 100
    return info
  }
  var heldBytes: Int { 0 }
  func store(_ values: ParameterValues) throws -> any ParameterStore {
    try CPUDevice().store(values)
  }
  func compile(
    _ plan: Plan, store: (any ParameterStore)?, profiling: Bool
  ) throws -> any Executable {
    Issue.record("a plan that does not fit must not be compiled")
    return try CPUDevice().compile(plan)
  }
}
