import Formats
import Localization
import Microscopy

/// A receiver of the products of a run.
///
/// A run calls `take` on the thread that started it, batch by batch in the order of the items.
package protocol Sink<Product>: AnyObject {
  associatedtype Product: AnyObject & Sendable

  /// Uses a product, which is refilled afterwards.
  ///
  /// - Parameter items: the numbers of the items in the product.
  func take(_ product: Product, of items: Range<Int>) throws
}

/// Writes rows into a table file.
package final class TableSink: Sink {
  private let writer: any TableWriter

  package init(_ writer: any TableWriter) { self.writer = writer }

  package func take(_ rows: Rows, of frames: Range<Int>) throws { try writer.append(rows.table) }
}

/// Counts rows, and the spots that did not become rows.
package final class RowCount: Sink {
  package private(set) var rows = 0
  package private(set) var spots = 0
  package private(set) var tally = SpotTally()
  /// Time to convert the devices' results to rows.
  package private(set) var seconds = 0.0

  package init() {}

  package func take(_ product: Rows, of frames: Range<Int>) {
    add(rows: product.table.count, spots: product.spots, product.tally)
    seconds += product.seconds
  }

  /// Adds the counts of rows that an interrupted run made.
  package func add(rows: Int, spots: Int, _ tally: SpotTally) {
    self.rows += rows
    self.spots += spots
    self.tally.add(tally)
  }
}
