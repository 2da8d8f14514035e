import Compute
import Synchronization
import TestSupport
import Testing

/// Lines that a computation reported.
private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Whole plans fall back to the CPU, and say so in one line.
@Suite struct ComputationTests {
  private func graph() throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 4))
    graph.output("y", try graph.apply(Elementwise(.affine(scale: 2, shift: 0)), x))
    return graph
  }

  private func work(_ executable: any Executable) throws -> [Double] {
    try executable.write("x", [1, 2, 3, 4] as [Float])
    try executable.run()
    return try executable.read("y").values
  }

  @Test func aDeviceThatWorksIsKept() throws {
    let lines = Lines()
    for device in Devices.all {
      let computation = try Computation(graph(), on: device, report: lines.add)
      #expect(try computation.perform(work) == [2, 4, 6, 8])
      #expect(computation.executable.plan.device.name == device.info.name)
    }
    #expect(lines.all.isEmpty)
  }

  @Test func compilingFails() throws {
    let lines = Lines()
    let broken = BentDevice(CPUDevice(), .doesNotCompile, kind: .openCLGPU)
    let computation = try Computation(graph(), on: broken, report: lines.add)
    #expect(try computation.perform(work) == [2, 4, 6, 8])
    #expect(
      lines.all == [
        "computing on cpu instead of opencl:bent: kernel tensor/add.cl [] does not build on "
          + "opencl:bent"
      ])
  }

  @Test func noCandidateApplies() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 4))
    graph.output("y", try graph.apply(CPUOnly(), x))
    let lines = Lines()
    let device = BentDevice(CPUDevice(), .lastBit, kind: .openCLGPU)
    let computation = try Computation(graph, on: device, report: lines.add)
    #expect(try computation.perform(work) == [2, 4, 6, 8])
    #expect(lines.all.count == 1)
    #expect(lines.all[0].contains("cpu only cannot be planned on opencl:bent: item: no room"))
  }

  @Test func theDeviceIsTooSmall() throws {
    let lines = Lines()
    let tiny = SmallDevice()
    let computation = try Computation(graph(), on: tiny, report: lines.add)
    #expect(try computation.perform(work) == [2, 4, 6, 8])
    #expect(
      lines.all == [
        "computing on cpu instead of opencl:small: the plan needs 128 bytes on opencl:small, which "
          + "offers 100"
      ])
  }

  /// The third batch fails on the way; it is submitted again and nothing is lost.
  @Test func aRunFails() throws {
    let flaky = BentDevice(CPUDevice(), .failsAtRun(3), kind: .openCLGPU)
    let lines = Lines()
    let computation = try Computation(graph(), on: flaky, report: lines.add)
    for _ in 0..<5 { #expect(try computation.perform(work) == [2, 4, 6, 8]) }
    #expect(
      lines.all == [
        "computing on cpu instead of opencl:bent: clFlush failed on opencl:bent with "
          + "CL_OUT_OF_RESOURCES (-5)"
      ])
  }

  @Test func theSpareHasNoSpare() throws {
    let broken = BentDevice(CPUDevice(), .doesNotCompile)
    #expect(throws: DeviceError.self) { try Computation(graph(), on: broken) { _ in } }
    let computation = try Computation(graph(), on: BentDevice(CPUDevice(), .failsAtRun(1))) { _ in }
    #expect(throws: DeviceError.self) { try computation.perform(work) }
  }

  /// A wrong name is the caller's fault on every device.
  @Test func wrongNamesDoNotFallBack() throws {
    let lines = Lines()
    for device in Devices.openCL.devices {
      let computation = try Computation(graph(), on: device, report: lines.add)
      #expect(throws: DeviceError.self) { try computation.perform { try $0.read("z") } }
    }
    #expect(lines.all.isEmpty)
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
  func compile(_ plan: Plan, profiling: Bool) throws -> any Executable {
    Issue.record("a plan that does not fit must not be compiled")
    return try CPUDevice().compile(plan)
  }
}
