import Formats
import Localization
import Microscopy

/// Where the products of a run go.
///
/// A run calls `take` on the thread that started it, batch by batch in the order of the items.
package protocol Sink<Product>: AnyObject {
  associatedtype Product: AnyObject & Sendable

  /// Takes what it wants of a product, which is filled again afterwards.
  ///
  /// - Parameter items: numbers of the items that the product is of.
  func take(_ product: Product, of items: Range<Int>) throws
}

/// Rows into a table file.
package final class TableSink: Sink {
  private let writer: any TableWriter

  package init(_ writer: any TableWriter) { self.writer = writer }

  package func take(_ rows: Rows, of frames: Range<Int>) throws { try writer.append(rows.table) }
}

/// Counts rows, and what became of spots that are none.
package final class RowCount: Sink {
  package private(set) var rows = 0
  package private(set) var spots = 0
  package private(set) var tally = SpotTally()
  /// Time that it took to make rows of devices' results.
  package private(set) var seconds = 0.0

  package init() {}

  package func take(_ product: Rows, of frames: Range<Int>) {
    rows += product.table.count
    spots += product.spots
    tally.add(product.tally)
    seconds += product.seconds
  }
}
