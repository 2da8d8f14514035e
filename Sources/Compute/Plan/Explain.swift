extension Plan {
  /// A line per launch: op, candidate, kernel, items, work, location of the result; then the arena.
  package func explain() -> String {
    var lines: [String] = []
    for step in steps {
      let work = step.op.work(step.types.inputs, step.types.outputs)
      lines.append(
        "\(step.op.label)  [\(step.choice.candidate)\(step.choice.tuned ? ", measured" : "")]  "
          + "\(work.flops) flop, \(work.bytes) B")
      for reason in step.choice.declined { lines.append("    declined \(reason)") }
      if step.preparesOnce {
        for label in labels(step, step.choice.preparing) {
          lines.append("    prepare once \(label)")
        }
      }
      for label in launchLabels(of: step) { lines.append("    launch \(label)") }
      for place in step.outputs + step.workspace + step.prepared {
        lines.append("    \(type(at: place)) \(description(of: place))")
      }
    }
    lines.append(
      "arena \(arena.bytes) B on \(device.name); \(arena.separate) B if nothing shared memory")
    if heldBytes > 0 { lines.append("held \(heldBytes) B, shared with other plans") }
    if !states.isEmpty { lines.append("state \(states.reduce(0) { $0 + $1.type.bytes }) B") }
    if scratch > 0 { lines.append("scratch \(scratch) B, \(device.units) threads") }
    return lines.joined(separator: "\n")
  }

  private func description(of place: Place) -> String {
    switch place {
    case .arena(let slot):
      "at \(arena.slots[slot].offset)..<\(arena.slots[slot].range.upperBound)"
    case .held: "held"
    case .state(let index): "in place of `\(states[index].name)`"
    }
  }

  /// The launches of each run, in order.
  func launchLabels(of step: Step) -> [String] {
    (step.preparesOnce ? [] : labels(step, step.choice.preparing)) + labels(step, step.choice.code)
  }

  private func labels(_ step: Step, _ code: Choice.Code) -> [String] {
    switch code {
    case .cpu(let launches): launches.map { "\(step.op.name)/\($0.kernel)" }
    case .openCL(let launches): launches.map { "\(step.op.name)/\($0.kernel)" }
    }
  }
}
