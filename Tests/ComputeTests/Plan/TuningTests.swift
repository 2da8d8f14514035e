import Foundation
import Testing

@testable import Compute

/// Forced by name, then measured, then the order of candidates.
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
    var other = cpu
    other.hardware = "another processor"
    #expect(chosen(try Plan(graph(), for: other, tuning: table("direct"))) == "winograd4")
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

  /// The table that Glint is built with is what plans ask, on processors that it knows.
  @Test func theBuiltInTableIsUsed() throws {
    for set in CPUDevice.InstructionSet.present {
      let info = CPUDevice(set).info
      for row in TuningTable.builtIn.devices[info.tuningName] ?? []
      where row.at.form == "convolution 1×1 s1" {
        var graph = Graph()
        let x = graph.input("x", TensorType(.float32, 1, 1, row.at.pixels, row.at.channels))
        let w = graph.input("w", TensorType(.float32, 1, 1, row.at.channels, row.at.outputs))
        graph.output("y", try graph.apply(Convolution(), x, w))
        let plan = try Plan(graph, for: info)
        guard row.fastest != "blas" || OpenBLAS.obstacle == nil else { continue }
        #expect(plan.explain().contains("[\(row.fastest), measured]"), "\(row.at), \(info.name)")
      }
    }
  }

  /// A table from another version may name what there is no longer, or what declines.
  @Test func aCandidateThatCannotIsPassedOver() throws {
    #expect(chosen(try Plan(graph(), for: cpu, tuning: table("gone"))) == "winograd4")
    #expect(chosen(try Plan(graph(), for: cpu, tuning: table("single"))) == "winograd4")
  }

  @Test func tablesAreKeptAsJSON() throws {
    let written = try table("direct").json
    #expect(try TuningTable(json: written) == table("direct"))
    #expect(throws: DecodingError.self) { try TuningTable(json: Data("[]".utf8)) }
    let embedded = try #require(KernelText.file("tuning.json"))
    #expect(try TuningTable(json: Data(embedded.utf8)) == .builtIn)
  }
}
