/// Runs an op's sample on a device and compares the result with the reference and other devices.
///
/// The tests and the parity command share this loop. It runs every applicable candidate with
/// sentinels around every tensor and memory filled with NaN, and a second time on memory filled
/// differently; the bits must be equal. An op that `updates` inputs runs both in place and
/// separately.
package struct Parity: Sendable {
  package let sample: Sample
  private let expected: [Reference]
  private let magnitudes: [Reference]
  private let agreed: [Tensor]

  /// Computes the reference, and the bits (those of this CPU) that every device must reproduce.
  package init(_ sample: Sample) throws {
    self.sample = sample
    expected = sample.op.reference(sample.inputs)
    magnitudes = sample.op.magnitudes(sample.inputs)
    let run = try GuardedRun(sample, on: CPUDevice(threads: 1), candidate: nil)
    agreed = try run.outputs(fill: 0xFF)
  }

  /// The result of one candidate on one device.
  package struct Outcome: Sendable, CustomStringConvertible {
    package let op: String
    package let sample: String
    package let device: String
    package let candidate: String
    /// nil if it passed.
    package let failure: String?
    /// The largest error as a share of the tolerance.
    package let worst: Double

    package var description: String {
      "\(failure == nil ? "ok  " : "FAIL") \(device) [\(candidate)] \(sample)"
        + (failure.map { ": \($0)" } ?? "")
    }
  }

  /// Runs every candidate of the op on `device`, except those that decline the case. A device error
  /// is an outcome too.
  package func run(on device: any Device) -> [Outcome] {
    let candidates =
      device.info.kind == .cpu
      ? sample.op.cpu.map { ($0.name, $0.error) } : sample.op.openCL.map { ($0.name, $0.error) }
    return candidates.compactMap { name, error in
      var worst = 0.0
      var failure: String?
      do {
        let apart = try GuardedRun(sample, on: device, candidate: name)
        (worst, failure) = try judge(apart, error: error)
        if failure == nil, !sample.op.updates.isEmpty {
          (worst, failure) = try inPlace(name, device, error: error)
        }
      } catch is PlanError {
        return nil  // it declines
      } catch {
        failure = "\(error)"
      }
      return Outcome(
        op: sample.op.name, sample: sample.name, device: device.info.name, candidate: name,
        failure: failure, worst: worst)
    }
  }

  /// The same, with outputs in the memory of the inputs that they may overwrite.
  private func inPlace(
    _ candidate: String, _ device: any Device, error: Double
  ) throws -> (worst: Double, failure: String?) {
    let run = try GuardedRun(sample, on: device, candidate: candidate, inPlace: true)
    let (worst, failure) = try judge(run, error: error)
    return (worst, failure.map { "in place: \($0)" })
  }

  private func judge(
    _ run: GuardedRun, error: Double
  ) throws -> (worst: Double, failure: String?) {
    let first = try run.outputs(fill: 0xFF)  // NaN
    let second = try run.outputs(fill: 0x3C)
    let masks = sample.op.defined(expected)
    var worst = 0.0
    var failure = run.strayWrite
    for (index, output) in first.enumerated() where failure == nil {
      let mask = masks[index]
      let tolerance = sample.tolerance(index)
      let comparison = Comparison(
        output, expected[index], tolerance, mask, magnitude: magnitudes[index], error: error)
      worst = max(worst, comparison.worst)
      let differ = output.firstDifference(from: second[index], mask)
      let bent =
        tolerance.agreesInBits ? output.firstDifference(from: agreed[index], mask) : nil
      let fault =
        comparison.failure
        ?? differ.map { "two runs differ at element \($0)" }
        ?? bent.map { "bits differ from the CPU's at element \($0): \(output.values[$0]) here" }
      failure = fault.map { "output \(index): \($0)" }
    }
    return (worst, failure)
  }
}

/// A plan of one op whose tensors lie apart, with sentinels between them.
private final class GuardedRun {
  private let executable: any Executable
  private let sample: Sample
  /// Whether each byte of the arena belongs to a tensor.
  private let covered: [Bool]
  /// The position of a write outside every tensor, if any.
  private(set) var strayWrite: String?

  private static let sentinel: UInt8 = 0xA5

  init(
    _ sample: Sample, on device: any Device, candidate: String?, inPlace: Bool = false
  ) throws {
    self.sample = sample
    var graph = Graph()
    let inputs = sample.inputs.enumerated().map { graph.input("in\($0)", $1.type) }
    for (index, value) in try graph.apply(sample.op, to: inputs).enumerated() {
      // A state's new value has its name and its memory.
      let input = inPlace ? sample.op.updates[index] : nil
      graph.output(input.map { "in\($0)" } ?? "out\(index)", value)
    }
    let forcing = candidate.map { [sample.op.name: $0] } ?? [:]
    let plan = try Plan(graph, for: device.info, forcing: forcing, guarded: true)
    executable = try device.compile(plan)
    var covered = [Bool](repeating: false, count: plan.arena.bytes)
    for slot in plan.arena.slots {
      for byte in slot.offset..<slot.offset + slot.type.bytes { covered[byte] = true }
    }
    self.covered = covered
  }

  /// The outputs of a run in which all tensors except the inputs were first filled with a byte.
  func outputs(fill: UInt8) throws -> [Tensor] {
    let plan = executable.plan
    // Inputs are part of the image: when a part of a buffer is written, Oclgrind 21.10 forgets its
    // state and reports all of it as uninitialized.
    var image = covered.map { $0 ? fill : Self.sentinel }
    for (index, input) in sample.inputs.enumerated() {
      let slot = plan.arena.slots[plan.inputs["in\(index)"]!]
      image.replaceSubrange(slot.offset..<slot.offset + slot.type.bytes, with: input.tensor.bytes)
    }
    try executable.overwrite(image)
    try executable.run()
    let outputs = try plan.graph.outputs.map { try executable.read($0.name) }
    let after = try executable.snapshot()
    if let byte = after.indices.first(where: { !covered[$0] && after[$0] != Self.sentinel }) {
      strayWrite = "wrote outside every tensor, at byte \(byte) of the arena"
    }
    if let kernel = (executable as? CPUExecutable)?.overrun {
      strayWrite = "\(kernel) wrote beyond its scratch"
    }
    return outputs
  }
}
