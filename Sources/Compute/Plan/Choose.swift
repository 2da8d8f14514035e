/// The candidate that does an op, with the reasons why better ones declined.
struct Choice: Sendable {
  enum Code: Sendable {
    case cpu([CPULaunch])
    case openCL([OpenCLLaunch])
  }

  let candidate: String
  let code: Code
  let workspace: [TensorType]
  let declined: [String]

  /// Takes the forced candidate, or the first that applies.
  init(_ op: any Op, at site: Site, forced: String?) throws {
    switch site.device.kind {
    case .cpu:
      (candidate, code, workspace, declined) = try Self.first(op, op.cpu, site, forced) { .cpu($0) }
    case .openCLGPU, .openCLCPU, .openCLOther:
      (candidate, code, workspace, declined) =
        try Self.first(op, op.openCL, site, forced) { .openCL($0) }
    }
  }

  private static func first<Launch>(
    _ op: any Op, _ candidates: [Candidate<Launch>], _ site: Site, _ forced: String?,
    _ code: ([Launch]) -> Code
  ) throws -> (String, Code, [TensorType], [String]) {
    var declined: [String] = []
    for candidate in candidates where forced == nil || candidate.name == forced {
      switch candidate.lower(site) {
      case .launches(let launches, let workspace):
        return (candidate.name, code(launches), workspace, declined)
      case .declined(let reason): declined.append("\(candidate.name): \(reason)")
      }
    }
    throw PlanError(
      op: op.label, device: site.device.name, forced: forced, declined: declined,
      known: candidates.map(\.name))
  }
}

/// No way to do an op on a device.
public struct PlanError: Error, CustomStringConvertible {
  public let op: String
  public let device: String
  public let forced: String?
  /// Each candidate that was asked, and why it declined.
  public let declined: [String]
  /// Names of all candidates there are.
  public let known: [String]

  public var description: String {
    let asked = forced.map { "candidate `\($0)` of \(op)" } ?? op
    let why =
      declined.isEmpty
      ? "there is only \(known.joined(separator: ", "))" : declined.joined(separator: "; ")
    return "\(asked) cannot be planned on \(device): \(why)"
      + (device.hasPrefix("cpu") ? "" : "\nhint: try --device cpu")
  }
}
