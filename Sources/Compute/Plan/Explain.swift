extension Plan {
  /// A line per launch: op, candidate, kernel, items, work, place of the result; then the arena.
  public func explain() -> String {
    var lines: [String] = []
    for step in steps {
      let types = step.inputs.map { arena.slots[$0].type }
      let work = step.op.work(types, step.outputs.map { arena.slots[$0].type })
      lines.append(
        "\(step.op.label)  [\(step.choice.candidate)]  \(work.flops) flop, \(work.bytes) B")
      for reason in step.choice.declined { lines.append("    declined \(reason)") }
      for label in launchLabels(of: step, step.choice.preparing) {
        lines.append("    prepare \(step.preparesOnce ? "once" : "each run") \(label)")
      }
      for label in launchLabels(of: step, step.choice.code) { lines.append("    launch \(label)") }
      for slot in step.outputs + step.workspace + step.prepared {
        let place = arena.slots[slot]
        lines.append("    \(place.type) at \(place.offset)..<\(place.range.upperBound)")
      }
    }
    lines.append("arena \(arena.bytes) B on \(device.name); apart \(arena.separate) B")
    return lines.joined(separator: "\n")
  }

  func launchLabels(of step: Step, _ code: Choice.Code) -> [String] {
    switch code {
    case .cpu(let launches): launches.map { "\(step.op.name)/\($0.kernel)" }
    case .openCL(let launches): launches.map { "\(step.op.name)/\($0.kernel)" }
    }
  }
}
