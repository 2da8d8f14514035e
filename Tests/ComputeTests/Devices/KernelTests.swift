import Compute
import TestConditions
import TestSupport
import Testing

/// Kernels that cannot be built or launched, and memory that is not available.
@Suite struct KernelTests {
  private func compile(_ fault: FaultyAdd.Fault, on device: any Device) throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 4))
    graph.output("y", try graph.apply(FaultyAdd(fault), x, x))
    _ = try device.compile(Plan(graph, for: device.info))
  }

  /// The log names our file and the line in it.
  @Test(.openCL) func aBuildErrorNamesFileDefinesAndLine() throws {
    for device in Devices.openCL.devices {
      let error = #expect(throws: DeviceError.self) { try compile(.doesNotBuild, on: device) }
      guard case .build(let kernel, let defines, let name, let log) = error else {
        Issue.record("unexpected: \(String(describing: error))")
        continue
      }
      #expect(kernel == "tensor/add.cl")
      #expect(defines == "left=left + no_such_name")
      #expect(name == device.info.name)
      #expect(log.contains("tensor/add.cl:"), "\(log)")
    }
  }

  @Test(.openCL) func aWorkGroupThatIsTooLarge() throws {
    for device in Devices.openCL.devices {
      let error = #expect(throws: DeviceError.self) { try compile(.hugeGroup, on: device) }
      guard case .workGroup("faulty add/add", 1_048_576, let limit, _) = error else {
        Issue.record("unexpected: \(String(describing: error))")
        continue
      }
      #expect(limit <= device.info.maxWorkGroup)
    }
  }

  @Test func aPlanLargerThanTheDevice() throws {
    var info = CPUDevice().info
    info.maxAllocation = 1000
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1000))
    graph.output("y", try graph.apply(Add(), x, x))
    let error = #expect(throws: DeviceError.self) { try Plan(graph, for: info) }
    #expect(error?.description.contains("needs 8064 bytes, but cpu has only 1000") == true)
  }

  /// The system refuses memory that the device's description promised.
  @Test(.noSanitizer) func hostMemoryRunsOut() throws {
    let device = CPUDevice()
    var info = device.info
    info.maxAllocation = .max
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1 << 58))
    graph.output("y", try graph.apply(Add(), x, x))
    let plan = try Plan(graph, for: info)
    let error = #expect(throws: DeviceError.self) { try device.compile(plan) }
    guard case .memory(plan.arena.bytes, nil, "cpu") = error else {
      Issue.record("unexpected: \(String(describing: error))")
      return
    }
  }
}
