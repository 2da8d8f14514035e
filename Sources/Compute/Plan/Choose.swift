import Reporting

/// The candidate chosen for an op, with the reasons why better ones declined.
struct Choice: Sendable {
  enum Code: Hashable, Sendable {
    case cpu([CPULaunch])
    case openCL([OpenCLLaunch])
  }

  let candidate: String
  let code: Code
  let workspace: [TensorType]
  /// Launches that make the `prepared` tensors from the op's inputs.
  let preparing: Code
  let prepared: [TensorType]
  let declined: [String]
  /// Whether it was chosen because it was measured to be the fastest on the device.
  let tuned: Bool

  private init(
    candidate: String, tuned: Bool, code: Code, workspace: [TensorType], preparing: Code,
    prepared: [TensorType], declined: [String]
  ) {
    self.candidate = candidate
    self.tuned = tuned
    self.code = code
    self.workspace = workspace
    self.preparing = preparing
    self.prepared = prepared
    self.declined = declined
  }

  /// The inputs that the preparing launches read, and those that the others read.
  var preparedFrom: Set<Int> { Self.inputs(of: preparing) }
  var readAfterwards: Set<Int> { Self.inputs(of: code) }

  private static func inputs(of code: Code) -> Set<Int> {
    let operands =
      switch code {
      case .cpu(let launches): launches.flatMap(\.operands)
      case .openCL(let launches): launches.flatMap(\.operands)
      }
    return Set(operands.compactMap { if case .input(let index) = $0 { index } else { nil } })
  }

  /// The arguments of every launch, by kernel.
  var arguments: [(kernel: String, [Argument])] {
    [preparing, code].flatMap { code in
      switch code {
      case .cpu(let launches): launches.map { ($0.kernel, $0.arguments) }
      case .openCL(let launches): launches.map { ($0.kernel, $0.arguments) }
      }
    }
  }

  /// Bytes of scratch per thread.
  var scratch: Int {
    guard case .cpu(let launches) = code, case .cpu(let first) = preparing else { return 0 }
    return (launches + first).map(\.scratch).max() ?? 0
  }

  /// Takes the forced candidate; otherwise the one measured to be the fastest; otherwise the first
  /// that applies.
  init(_ op: any Op, at site: Site, forced: String?, tuning: TuningTable) throws {
    let measured = (op as? any Tunable).flatMap {
      tuning.candidate(for: $0.tuningCase(site.inputs, site.outputs), on: site.device)
    }
    if forced == nil, let measured, let choice = try? Choice(op, at: site, measured, tuned: true) {
      self = choice
    } else {
      self = try Choice(op, at: site, forced, tuned: false)
    }
  }

  private init(_ op: any Op, at site: Site, _ name: String?, tuned: Bool) throws {
    var site = site
    site.forced = name != nil
    switch site.device.kind {
    case .cpu:
      self = try Self.first(op, op.cpu, site, name, tuned) { .cpu($0) }
    case .openCLGPU, .openCLCPU, .openCLOther:
      self = try Self.first(op, op.openCL, site, name, tuned) { .openCL($0) }
    }
  }

  private static func first<Launch>(
    _ op: any Op, _ candidates: [Candidate<Launch>], _ site: Site, _ forced: String?,
    _ tuned: Bool, _ code: ([Launch]) -> Code
  ) throws -> Choice {
    var declined: [String] = []
    for candidate in candidates where forced == nil || candidate.name == forced {
      switch candidate.lower(site) {
      case .launches(let launches, let workspace, let preparing, let prepared):
        return Choice(
          candidate: candidate.name, tuned: tuned, code: code(launches), workspace: workspace,
          preparing: code(preparing), prepared: prepared, declined: declined)
      case .declined(let reason): declined.append("\(candidate.name): \(reason)")
      }
    }
    throw PlanError(
      op: op.label, device: site.device.name, forced: forced, declined: declined,
      known: candidates.map(\.name))
  }
}

/// A device has no applicable candidate for an op.
public struct PlanError: Fault {
  public let op: String
  public let device: String
  public let forced: String?
  /// Every candidate that was tried, and why it declined.
  public let declined: [String]
  /// Names of all candidates of the op.
  public let known: [String]

  public var message: Message {
    let asked = forced.map { "candidate `\($0)` of \(op)" } ?? op
    let why =
      declined.isEmpty
      ? "the candidates are \(known.joined(separator: ", "))" : declined.joined(separator: "; ")
    return "\(asked) cannot be planned on \(device): \(why)"
  }

  public var remedy: Message? { device.hasPrefix("cpu") ? nil : "try \(.device) cpu" }
}
