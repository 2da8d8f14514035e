/// The cost of an op of a plan on its device, over all runs of an executable.
public struct ProfileRow: Codable, Hashable, Sendable {
  /// The op with its parameters.
  public var op: String
  public var candidate: String
  /// The type of its first result.
  public var result: String
  /// The kernels that it launched.
  public var kernels: [String]
  public var seconds: Double
  public var runs: Int
  /// Per run, as counted by the op: the minimum for any implementation.
  public var flops: Int
  public var bytes: Int

  /// Achieved rates, per second.
  public var flopRate: Double { seconds > 0 ? Double(flops) * Double(runs) / seconds : 0 }
  public var byteRate: Double { seconds > 0 ? Double(bytes) * Double(runs) / seconds : 0 }
}

extension Executable {
  /// A row per op in order: the plan combined with the times of its launches.
  public var profile: [ProfileRow] {
    var timings = timings[...]
    return plan.steps.map { step in
      let labels = plan.launchLabels(of: step)
      let own = timings.prefix(labels.count)
      timings = timings.dropFirst(labels.count)
      let work = step.op.work(step.types.inputs, step.types.outputs)
      return ProfileRow(
        op: step.op.label, candidate: step.choice.candidate,
        result: step.types.outputs.first?.description ?? "",
        kernels: labels.map { String($0.split(separator: "/").last ?? "") },
        seconds: own.reduce(0) { $0 + $1.seconds }, runs: own.first?.runs ?? 0, flops: work.flops,
        bytes: work.bytes)
    }
  }
}
