import Compute
import Microscopy

/// A stage whose products are rows of a table.
package protocol RowStage: Stage where Product == Rows {
  /// The columns of a row, in the order in which files show them.
  var quantities: [Quantity] { get }

  /// Whether rows depend on what the camera's numbers mean.
  var usesCamera: Bool { get }
}

extension RowStage {
  package func product() -> Rows { Rows(quantities) }

  /// The stage as a run takes it: the compiler does not turn `any RowStage` into this by itself.
  package var asStage: any Stage<Rows> { self }
}

/// The rows of a batch, and what became of its spots.
///
/// Not checked by the compiler, because one thread has it at a time: queues hand it from a worker to the
/// sinks and back.
package final class Rows: @unchecked Sendable {
  package private(set) var table = Localizations()
  /// Spots that were found, whether or not they became rows.
  package internal(set) var spots = 0
  package internal(set) var tally = SpotTally()
  /// Time that it took to make rows of a device's results.
  package internal(set) var seconds = 0.0

  init(_ quantities: [Quantity]) {
    for quantity in quantities { table[quantity] = [] }
  }

  /// Replaces the content; allocates only where there is no room yet.
  func fill(spots: Int, _ body: (inout Localizations, inout SpotTally) -> Void) -> Found {
    let start = SteadyClock.seconds
    table.removeAllRows()
    tally.removeAll()
    body(&table, &tally)
    self.spots = spots
    seconds = SteadyClock.seconds - start
    return .all(rows: table.count)
  }
}

/// What became of spots, besides rows.
package struct SpotTally: Sendable {
  /// Spots that are no rows, by reason.
  package private(set) var dropped: [String: Int] = [:]
  /// Rows with a saturated pixel in their box; they are kept, and their photons are too few.
  package internal(set) var saturated = 0

  package init() {}

  mutating func drop(_ reason: String, _ count: Int = 1) { dropped[reason, default: 0] += count }

  mutating func removeAll() {
    dropped.removeAll(keepingCapacity: true)
    saturated = 0
  }

  package mutating func add(_ other: SpotTally) {
    for (reason, count) in other.dropped { drop(reason, count) }
    saturated += other.saturated
  }
}
