/// Runs an op's sample on a device and holds the result to the reference and to other devices.
///
/// One loop serves the tests and `glint parity`: every candidate that applies, sentinels around every
/// tensor, memory filled with NaN before the run, a second run that must repeat the first bit for bit.
public struct Parity: Sendable {
  public let sample: Sample
  private let expected: [Reference]
  private let magnitudes: [Reference]
  private let agreed: [[UInt32]]

  /// Computes the reference, and the bits on which every device must agree (those of this CPU).
  public init(_ sample: Sample) throws {
    self.sample = sample
    expected = sample.op.reference(sample.inputs)
    magnitudes = sample.op.magnitudes(sample.inputs)
    let run = try GuardedRun(sample, on: CPUDevice(threads: 1), candidate: nil)
    agreed = try run.outputs().map(\.patterns)
  }

  /// What came of one candidate on one device.
  public struct Outcome: Sendable, CustomStringConvertible {
    public let sample: String
    public let device: String
    public let candidate: String
    /// nil when it passed.
    public let failure: String?
    /// The largest error as a share of what the tolerance allows.
    public let worst: Double

    public var description: String {
      "\(failure == nil ? "ok  " : "FAIL") \(device) [\(candidate)] \(sample)"
        + (failure.map { ": \($0)" } ?? "")
    }
  }

  /// Runs every candidate of the op on `device`; those that decline the case are left out.
  public func run(on device: any Device) throws -> [Outcome] {
    let candidates =
      device.info.kind == .cpu
      ? sample.op.cpu.map { ($0.name, $0.error) } : sample.op.openCL.map { ($0.name, $0.error) }
    return try candidates.compactMap { name, error in
      do {
        let run = try GuardedRun(sample, on: device, candidate: name)
        return try judge(run, device.info.name, name, error: error)
      } catch is PlanError {
        return nil
      }
    }
  }

  private func judge(
    _ run: GuardedRun, _ device: String, _ candidate: String, error: Double
  ) throws -> Outcome {
    let first = try run.outputs()
    let second = try run.outputs()
    let masks = sample.op.defined(expected)
    var worst = 0.0
    var failure = run.strayWrite
    for (index, output) in first.enumerated() where failure == nil {
      let mask = masks[index]
      let tolerance = sample.tolerance(index)
      let comparison = Comparison(
        output, expected[index], tolerance, mask, magnitude: magnitudes[index], error: error)
      worst = max(worst, comparison.worst)
      failure = comparison.failure.map { "output \(index): \($0)" }
      if failure == nil, let place = difference(output.patterns, second[index].patterns, mask) {
        failure = "output \(index): two runs differ at element \(place)"
      }
      if failure == nil, tolerance.agreesInBits,
        let place = difference(output.patterns, agreed[index], mask)
      {
        failure =
          "output \(index): bits differ from the CPU's at element \(place): "
          + "\(output.values[place]) here"
      }
    }
    return Outcome(
      sample: sample.name, device: device, candidate: candidate, failure: failure, worst: worst)
  }

  private func difference(_ a: [UInt32], _ b: [UInt32], _ mask: [Bool]?) -> Int? {
    a.indices.first { (mask?[$0] ?? true) && a[$0] != b[$0] && !(isNaN(a[$0]) && isNaN(b[$0])) }
  }

  private func isNaN(_ pattern: UInt32) -> Bool { Float(bitPattern: pattern).isNaN }
}

/// An op alone in a plan whose tensors lie apart, with sentinels between them.
private final class GuardedRun {
  private let executable: any Executable
  private let image: [UInt8]
  private let sample: Sample
  private let sentinels: [Int]
  /// Where something was written outside every tensor, if it was.
  private(set) var strayWrite: String?

  init(_ sample: Sample, on device: any Device, candidate: String?) throws {
    self.sample = sample
    var graph = Graph()
    let inputs = sample.inputs.enumerated().map { graph.input("in\($0)", $1.type) }
    for (index, value) in try graph.apply(sample.op, to: inputs).enumerated() {
      graph.output("out\(index)", value)
    }
    let forcing = candidate.map { [sample.op.name: $0] } ?? [:]
    let plan = try Plan(graph, for: device.info, forcing: forcing, guarded: true)
    executable = try device.compile(plan)
    var image = [UInt8](repeating: 0xA5, count: plan.arena.bytes)
    for slot in plan.arena.slots {
      for byte in slot.offset..<slot.offset + slot.type.bytes { image[byte] = 0xFF }
    }
    for (slot, tensor) in plan.constants {
      image.replaceSubrange(
        plan.arena.slots[slot].offset..<plan.arena.slots[slot].offset + tensor.bytes.count,
        with: tensor.bytes)
    }
    sentinels = image.indices.filter { image[$0] == 0xA5 && !plan.arena.covers($0) }
    self.image = image
  }

  func outputs() throws -> [Tensor] {
    try executable.overwrite(image)
    for (index, input) in sample.inputs.enumerated() {
      try executable.write("in\(index)", input.tensor.bytes)
    }
    try executable.run()
    let outputs = try executable.plan.graph.outputs.map { try executable.read($0.name) }
    let after = try executable.snapshot()
    if let byte = sentinels.first(where: { after[$0] != 0xA5 }) {
      strayWrite = "wrote outside every tensor, at byte \(byte) of the arena"
    }
    return outputs
  }
}

extension Arena {
  fileprivate func covers(_ byte: Int) -> Bool {
    slots.contains { $0.type.bytes > 0 && $0.range.contains(byte) }
  }
}

/// One output against its reference.
struct Comparison {
  var worst = 0.0
  var failure: String?

  init(
    _ output: Tensor, _ expected: Reference, _ tolerance: Tolerance, _ mask: [Bool]?,
    magnitude: Reference, error factor: Double
  ) {
    let values = output.values
    let rounded = Reference(expected.tensor).values
    let defined = values.indices.filter { mask?[$0] ?? true }
    let scale = defined.reduce(0.0) {
      rounded[$1].isFinite ? max($0, abs(expected.values[$1])) : $0
    }
    var misses = 0
    var firstMiss: Int?
    for index in defined {
      let want = rounded[index]
      if values[index] == want || (values[index].isNaN && want.isNaN) { continue }
      let allowed: Double =
        switch tolerance.rule {
        case .exact: 0
        case .roundings(let count): count * scale * 0x1p-24
        case .absolute(let bound): bound
        case .relative(let bound): bound * abs(expected.values[index])
        case .magnitude(let terms): factor * terms * 0x1p-24 * magnitude.values[index]
        }
      let error = abs(values[index] - expected.values[index])
      let ratio = allowed > 0 ? error / allowed : .infinity
      if ratio <= 1 {
        worst = max(worst, ratio)
      } else {
        misses += 1
        firstMiss = firstMiss ?? index
      }
    }
    let permitted = Int(Double(defined.count) * (1 - tolerance.share))
    if misses > permitted, let place = firstMiss {
      failure =
        "\(misses) of \(defined.count) elements are off (\(permitted) may be); element \(place) is "
        + "\(values[place]), the reference \(expected.values[place])"
    }
  }
}
