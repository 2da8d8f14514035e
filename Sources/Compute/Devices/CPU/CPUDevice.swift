import CPUKernels
import Foundation

/// The processor that Glint runs on, with one of its instruction sets.
package struct CPUDevice: Device {
  package let info: DeviceInfo
  let isa: glint_isa

  /// An instruction set for which the kernels were compiled.
  package enum InstructionSet: String, CaseIterable, Sendable {
    case avx512
    case avx2
    case baseline

    var value: glint_isa {
      switch self {
      case .avx512: glint_isa_avx512
      case .avx2: glint_isa_avx2
      case .baseline: glint_isa_baseline
      }
    }

    /// Floats in a vector.
    var lanes: Int {
      switch self {
      case .avx512: 16
      case .avx2: 8
      case .baseline: 4
      }
    }

    /// The instruction sets that this processor has, widest first.
    package static var present: [InstructionSet] {
      allCases.filter { glint_isa_present($0.value) != 0 }
    }
  }

  /// The CPU with its widest instruction set and all its cores.
  package init(_ set: InstructionSet? = nil, threads: Int? = nil) {
    let chosen = set ?? InstructionSet.present[0]
    isa = chosen.value
    let memory = Int(ProcessInfo.processInfo.physicalMemory)
    info = DeviceInfo(
      name: set.map { "cpu:\($0.rawValue)" } ?? "cpu", kind: .cpu, hardware: Self.model,
      driver: "\(chosen.rawValue) kernels",
      units: max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount), memory: memory,
      maxAllocation: memory,
      preferredWidth: chosen.lanes, half: false, alignment: 64,
      localMemory: 0, maxWorkGroup: 1)
  }

  package func compile(
    _ plan: Plan, store: (any ParameterStore)?, profiling: Bool
  ) throws -> any Executable {
    try CPUExecutable(
      plan, isa: isa, threads: info.units, holdings: holdings, store: store)
  }

  package func store(_ values: ParameterValues) throws -> any ParameterStore {
    try CPUParameterStore(values, for: info.name)
  }

  package var heldBytes: Int { holdings.bytes }

  /// Shared by all devices with this instruction set: packed weights depend on its vector width.
  var holdings: Holdings<HostMemory> { Self.holdings[Int(isa.rawValue)] }
  private static let holdings = InstructionSet.allCases.map { _ in Holdings<HostMemory>() }

  private static let model: String = {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line.map { String($0.drop { $0 != ":" }.dropFirst(2)) } ?? "CPU"
  }()
}
