import Foundation
import Testing

@testable import Compute

/// Order of choice: forced by name, then measured, then the order of candidates.
@Suite struct TuningTests {
  private let cpu = CPUDevice().info

  private func graph(_ channels: Int = 48, side: Int = 16) throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1, side, side, channels))
    let w = graph.constant(Reference.random([3, 3, channels, channels], -1...1).tensor)
    graph.output("y", try graph.apply(Convolution(), x, w))
    return graph
  }

  private func table(_ fastest: String, _ channels: Int = 48) -> TuningTable {
    let at = TuningCase(
      form: "convolution 3×3 s1", channels: channels, outputs: channels, pixels: 256)
    let row = TuningTable.Row(
      at: at, microseconds: [fastest: 1, "slower": 2], order: ["slower", fastest])
    return TuningTable(devices: [cpu.tuningName: [row]])
  }

  private func chosen(_ plan: Plan) -> String { plan.steps[0].choice.candidate }

  @Test func whatWasMeasuredGoesBeforeTheOrder() throws {
    #expect(chosen(try Plan(graph(), for: cpu, tuning: TuningTable())) == "winograd4")
    let plan = try Plan(graph(), for: cpu, tuning: table("direct"))
    #expect(chosen(plan) == "direct")
    #expect(plan.explain().contains("[direct, measured]"))
  }

  @Test func aNameGoesBeforeWhatWasMeasured() throws {
    let plan = try Plan(
      graph(), for: cpu, forcing: ["convolution": "gemm"], tuning: table("direct"))
    #expect(chosen(plan) == "gemm")
  }

  @Test func farCasesAndOtherDevicesDoNotCount() throws {
    #expect(chosen(try Plan(graph(96), for: cpu, tuning: table("direct"))) == "direct")
    #expect(chosen(try Plan(graph(8), for: cpu, tuning: table("direct"))) == "winograd4")
    let elsewhere = TuningTable(
      devices: ["another processor": try #require(table("direct").devices[cpu.tuningName])])
    #expect(chosen(try Plan(graph(), for: cpu, tuning: elsewhere)) == "winograd4")
  }

  /// Processors with equal names are distinguished, and so are their instruction sets and runtimes.
  @Test func processorsGoByTheirNumbers() {
    let cloud = """
      processor\t: 0
      vendor_id\t: GenuineIntel
      cpu family\t: 6
      model\t\t: 207
      model name\t: Intel(R) Xeon(R) Processor
      stepping\t: 2
      """
    let caches = [
      ("1", "Data", "48K"), ("1", "Instruction", "32K"), ("2", "Unified", "2048K"),
      ("3", "Unified", "266240K"), ("", "", ""),
    ]
    #expect(
      Processor.identity(cpuinfo: cloud, caches: caches)
        == "GenuineIntel 6/207, L1 48K, L2 2048K")
    #expect(
      Processor.identity(
        cpuinfo: cloud.replacingOccurrences(of: "207", with: "143"), caches: caches)
        == "GenuineIntel 6/143, L1 48K, L2 2048K")
    #expect(
      Processor.identity(
        cpuinfo: "CPU implementer : 0x41\nCPU architecture: 8\nCPU part : 0xd40", caches: [])
        == "0x41 8/0xd40")
    #expect(Processor.identity(cpuinfo: "", caches: []) == "unknown ?/?")
    #expect(
      Set(CPUDevice.InstructionSet.present.map { CPUDevice($0).info.tuningName }).count
        == CPUDevice.InstructionSet.present.count)
    var runtime = cpu
    runtime.kind = .openCLCPU
    runtime.driver = "OpenCL 1.2 PoCL HSTR: pthread, 3.1"
    #expect(runtime.tuningName == "\(Processor.identity), PoCL")
    runtime.kind = .openCLGPU
    runtime.hardware = "a GPU"
    #expect(runtime.tuningName == "a GPU")
  }

  @Test func theNearestCaseCounts() throws {
    var both = table("direct", 32)
    both.devices[cpu.tuningName]! += table("gemm", 64).devices[cpu.tuningName]!
    #expect(chosen(try Plan(graph(36), for: cpu, tuning: both)) == "direct")
    #expect(chosen(try Plan(graph(60), for: cpu, tuning: both)) == "gemm")
  }

  @Test func littleGainsDoNotChangeTheOrder() {
    func fastest(_ first: Double, _ second: Double) -> String {
      TuningTable.Row(
        at: TuningCase(form: "", channels: 1, outputs: 1, pixels: 1),
        microseconds: ["first": first, "second": second], order: ["first", "second"]
      ).fastest
    }
    #expect(fastest(10.9, 10) == "first")
    #expect(fastest(11.1, 10) == "second")
  }

  /// The table in this build, with its rows assigned to this processor.
  @Test(
    .enabled(
      if: CPUDevice.InstructionSet.present.count > 1, "no row is for the baseline's kernels"))
  func theBuiltInTableIsUsed() throws {
    var tried = 0
    for set in CPUDevice.InstructionSet.present.dropLast() {
      let info = CPUDevice(set).info
      let rows = TuningTable.builtIn.devices.filter { $0.key.hasSuffix(", \(info.driver)") }
      let table = TuningTable(devices: [info.tuningName: rows.flatMap(\.value)])
      for row in table.devices[info.tuningName]! where row.at.form == "convolution 1×1 s1" {
        var graph = Graph()
        let x = graph.input("x", TensorType(.float32, 1, 1, row.at.pixels, row.at.channels))
        let w = graph.input("w", TensorType(.float32, 1, 1, row.at.channels, row.at.outputs))
        graph.output("y", try graph.apply(Convolution(), x, w))
        guard row.fastest != "blas" || OpenBLAS.obstacle == nil else { continue }
        tried += 1
        let plan = try Plan(graph, for: info, tuning: table)
        #expect(plan.explain().contains("[\(row.fastest), measured]"), "\(row.at), \(info.name)")
      }
    }
    #expect(tried > 0)
  }

  /// A table from another version may name candidates that no longer exist or that decline.
  @Test func aCandidateThatCannotIsPassedOver() throws {
    #expect(chosen(try Plan(graph(), for: cpu, tuning: table("gone"))) == "winograd4")
    #expect(chosen(try Plan(graph(), for: cpu, tuning: table("lines"))) == "winograd4")
  }

  @Test func tablesAreKeptAsJSON() throws {
    let written = try table("direct").json
    #expect(try TuningTable(json: written) == table("direct"))
    #expect(throws: DecodingError.self) { try TuningTable(json: Data("[]".utf8)) }
    let embedded = try #require(KernelText.file("tuning.json"))
    #expect(try TuningTable(json: Data(embedded.utf8)) == .builtIn)
    #expect(TuningTable.builtIn.devices.values.contains { !$0.isEmpty })
  }
}
