/// Runs the parity loop over many samples and devices and collects the outcomes.
package struct ParityReport: Sendable {
  package let outcomes: [Parity.Outcome]

  /// Runs every sample on every device.
  ///
  /// - Parameter progress: called with each outcome.
  package init(
    _ samples: [Sample], on devices: [any Device], progress: (Parity.Outcome) -> Void = { _ in }
  ) throws {
    var outcomes: [Parity.Outcome] = []
    for sample in samples {
      let parity = try Parity(sample)
      for device in devices {
        let found = parity.run(on: device)
        found.forEach(progress)
        outcomes += found
      }
    }
    self.outcomes = outcomes
  }

  /// The catalogue's samples whose name contains `text`; optionally only the tiny ones.
  package static func samples(containing text: String = "", tinyOnly: Bool = false) -> [Sample] {
    Catalogue.samples.filter {
      (text.isEmpty || $0.name.contains(text)) && ($0.tiny || !tinyOnly)
    }
  }

  package var failures: [Parity.Outcome] { outcomes.filter { $0.failure != nil } }

  /// A line per op and device: cases passed, cases run, the largest error as a share of the
  /// tolerance; then a line per failure.
  package var table: String {
    var rows = [["op", "device", "candidates", "passed", "error/allowed"]]
    let groups = Dictionary(grouping: outcomes) { [$0.op, $0.device] }
    for key in outcomes.map({ [$0.op, $0.device] }).uniqued() {
      let group = groups[key]!
      let passed = group.count { $0.failure == nil }
      let worst = group.map(\.worst).max() ?? 0
      rows.append(
        key + [
          group.map(\.candidate).uniqued().joined(separator: ","), "\(passed)/\(group.count)",
          "\((worst * 1000).rounded() / 1000)",
        ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    let lines = rows.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        .joined(separator: "  ").trimmingEnd()
    }
    return (lines + failures.map(\.description)).joined(separator: "\n")
  }
}

extension Array where Element: Hashable {
  /// The elements in order, without repeats.
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}

extension String {
  fileprivate func trimmingEnd() -> String {
    String(reversed().drop { $0 == " " }.reversed())
  }
}
