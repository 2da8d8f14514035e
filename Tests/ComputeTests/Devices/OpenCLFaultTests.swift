import COpenCL
import CTestSupport
import Compute
import Foundation
import TestConditions
import TestSupport
import Testing

/// A driver that fails on demand: typed errors, and no leaks.
///
/// The set of faults is global to the process, so these tests run one at a time.
@Suite(.serialized, .openCL) struct OpenCLFaultTests {
  /// The first OpenCL device behind entry points that can fail.
  private func device() throws -> any Device {
    let real = try OpenCL()
    glint_faults_arm(nil, 0, 0)
    glint_faults_limit_work_group(0)
    var calls = real.calls
    let faulty = OpenCL(calls: glint_faults_before(&calls))
    return try #require(OpenCLPlatform.discover(faulty).devices.first)
  }

  private func plan(_ info: DeviceInfo) throws -> Plan {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 5))
    let one = graph.constant(Tensor([1, 1, 1, 1, 1] as [Float], shape: [5]))
    let sum = try graph.apply(Add(), x, one)
    graph.output("y", try graph.apply(Elementwise(.affine(scale: 2, shift: 0)), sum))
    return try Plan(graph, for: info)
  }

  private func compileAndRun(_ device: any Device) throws {
    let executable = try device.compile(plan(device.info), profiling: true)
    try executable.write("x", [1, 2, 3, 4, 5] as [Float])
    try executable.run()
    #expect(try executable.read("y").values == [4, 6, 8, 10, 12])
  }

  /// Whichever call fails first, the error is typed and every object is released.
  @Test func everyCallMayFail() throws {
    var nth = 1
    var struck = true
    while struck {
      let device = try device()
      glint_faults_arm(nil, nth, CL_INVALID_VALUE)
      // The context lives as long as its device; what the executable makes must be released with
      // it.
      do {
        try compileAndRun(device)
      } catch let error as DeviceError {
        let text = "\(error)"
        #expect(text.contains(device.info.name))
        #expect(text.contains("\nhint: "), "\(text)")
      }
      struck = glint_faults_struck() != 0
      nth += 1
    }
    #expect(nth > 20, "only \(nth) calls were tried")
    #expect(glint_faults_live() == 0, "objects are left over")
  }

  @Test func repeatedUseLeavesNothing() throws {
    do {
      let device = try device()
      for _ in 0..<3 { try compileAndRun(device) }
    }
    #expect(glint_faults_live() == 0)
  }

  /// Memory that is not available, when the buffer is made or when it is first used.
  @Test(arguments: ["CreateBuffer", "EnqueueFillBuffer", "Finish"])
  func memoryRunsOut(_ call: String) throws {
    let device = try device()
    let error = call.withCString { name in
      glint_faults_arm(name, 1, CL_MEM_OBJECT_ALLOCATION_FAILURE)
      defer { glint_faults_arm(nil, 0, 0) }
      return #expect(throws: DeviceError.self) { try compileAndRun(device) }
    }
    guard case .memory(let needed, nil, device.info.name) = error else {
      Issue.record("unexpected: \(String(describing: error))")
      return
    }
    #expect(try needed == plan(device.info).arena.bytes)
  }

  /// The kernel's own limit, below the device's, as drivers report when registers run short.
  @Test func aKernelsWorkGroupLimit() throws {
    let device = try device()
    glint_faults_limit_work_group(32)
    defer { glint_faults_limit_work_group(0) }
    let error = #expect(throws: DeviceError.self) { try compileAndRun(device) }
    #expect(
      error?.description.hasPrefix(
        "kernel add/add needs work-groups of 64 items, but \(device.info.name) allows at most 32\nhint: "
      )
        == true)
    let fallback = Fallback(from: device) { line in
      #expect(line.contains("needs work-groups of 64 items"))
    }
    try fallback.perform(compileAndRun)
    #expect(fallback.device.info.kind == .cpu)
  }

  /// A batch fails in the middle of a run; the same batch on the CPU gives the result.
  @Test(arguments: ["EnqueueWriteBuffer", "EnqueueNDRangeKernel", "Flush", "EnqueueReadBuffer"])
  func aRunFails(_ call: String) throws {
    let device = try device()
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 2))
    graph.output("y", try graph.apply(Add(), x, x))
    let fallback = Fallback(from: device) { line in
      #expect(line.contains("cl\(call)") && line.contains("CL_OUT_OF_RESOURCES"))
    }
    let values = try call.withCString { name in
      glint_faults_arm(name, 1, CL_OUT_OF_RESOURCES)
      defer { glint_faults_arm(nil, 0, 0) }
      return try fallback.perform { device in
        let executable = try device.compile(Plan(graph, for: device.info))
        try executable.write("x", [1, 2] as [Float])
        try executable.run()
        return try executable.read("y").values
      }
    }
    #expect(values == [2, 4])
    #expect(fallback.device.info.kind == .cpu)
  }
}
