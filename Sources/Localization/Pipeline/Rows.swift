import Compute
import Microscopy
import Reporting

/// A stage that produces rows of a table.
package protocol RowStage: Stage where Product == Rows {
  /// The columns of a row, in file order.
  var quantities: [Quantity] { get }

  /// Whether rows depend on the camera settings.
  var usesCamera: Bool { get }

  /// Remarks on how the settings are used, for the user.
  var notes: [Message] { get }

  /// Distance, px, within which molecules disturb each other's fits; nil if they do not.
  var disturbance: Double? { get }

  /// Frames after which the errors of a molecule's rows are independent, if rows are to be checked
  /// against each other; nil if their errors are known to be right.
  var independentAfter: Int? { get }
}

extension RowStage {
  package var notes: [Message] { [] }

  package var disturbance: Double? { nil }

  package var independentAfter: Int? { nil }

  package func product() -> Rows { Rows(quantities) }

  /// The stage in the form that a run takes: the compiler does not convert `any RowStage`
  /// implicitly.
  package var asStage: any Stage<Rows> { self }
}

/// The rows of a batch, and counts of its spots.
///
/// `@unchecked Sendable`: only one thread uses it at a time; queues pass it from a worker to the
/// sinks and back.
package final class Rows: @unchecked Sendable {
  package private(set) var table = Localizations()
  /// The number of spots found, whether or not they became rows.
  package internal(set) var spots = 0
  package internal(set) var tally = SpotTally()
  /// Time to convert a device's results to rows.
  package internal(set) var seconds = 0.0

  init(_ quantities: [Quantity]) {
    for quantity in quantities { table[quantity] = [] }
  }

  /// Replaces the content; allocates only if the capacity is too small.
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

/// Counts of spots that did not become rows, and of saturated rows.
package struct SpotTally: Sendable {
  /// The number of spots that did not become rows, by reason.
  package private(set) var dropped: [String: Int] = [:]
  /// The number of rows with a saturated pixel in their box; they are kept, but their photons are
  /// underestimated.
  package internal(set) var saturated = 0

  package init(dropped: [String: Int] = [:], saturated: Int = 0) {
    self.dropped = dropped
    self.saturated = saturated
  }

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
