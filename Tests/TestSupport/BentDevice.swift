import Compute

/// A device whose executables give wrong results or fail.
package struct BentDevice: Device {
  package enum Bend: Sendable {
    /// The last bit of every result is flipped.
    case lastBit
    /// The last bit is flipped in every second run.
    case everySecondRun
    /// Compiling fails.
    case doesNotCompile
    /// The run with that number fails, counted from 1, and all later ones.
    case failsAtRun(Int)
  }

  package let info: DeviceInfo
  private let base: any Device
  private let bend: Bend

  /// - Parameter kind: the kind that it claims to be.
  package init(_ base: any Device, _ bend: Bend, kind: DeviceInfo.Kind = .cpu) {
    self.base = base
    self.bend = bend
    var info = base.info
    info.name = kind == .cpu ? "cpu:bent" : "opencl:bent"
    info.kind = kind
    self.info = info
  }

  package static let failure = DeviceError.call("clFlush", code: -5, device: "opencl:bent")

  package var heldBytes: Int { base.heldBytes }

  package func store(_ values: ParameterValues) throws -> any ParameterStore {
    try base.store(values)
  }

  package func compile(
    _ plan: Plan, store: (any ParameterStore)?, profiling: Bool
  ) throws -> any Executable {
    if case .doesNotCompile = bend {
      throw DeviceError.build(
        kernel: "tensor/add.cl", defines: "", device: info.name, log: "add.cl:3: no\nmore")
    }
    let own = info.kind == base.info.kind ? plan : try Plan(plan.graph, for: base.info)
    return BentExecutable(
      try base.compile(own, store: store, profiling: profiling), plan, bend)
  }
}

private final class BentExecutable: Executable {
  let plan: Plan
  private let base: any Executable
  private let bend: BentDevice.Bend
  private var runs = 0

  init(_ base: any Executable, _ plan: Plan, _ bend: BentDevice.Bend) {
    self.base = base
    self.plan = plan
    self.bend = bend
  }

  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws {
    try base.write(input, bytes)
  }

  func run() throws {
    runs += 1
    if case .failsAtRun(let first) = bend, runs >= first { throw BentDevice.failure }
    try base.run()
  }

  func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws {
    try base.read(output, into: bytes)
    let flips =
      switch bend {
      case .lastBit: true
      case .everySecondRun: runs % 2 == 0
      default: false
      }
    if flips { for byte in stride(from: 0, to: bytes.count, by: 4) { bytes[byte] ^= 1 } }
  }

  var timings: [LaunchTiming] { base.timings }
  func overwrite(_ image: [UInt8]) throws { try base.overwrite(image) }
  func snapshot() throws -> [UInt8] { try base.snapshot() }
}
