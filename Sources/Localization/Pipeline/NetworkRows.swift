import Microscopy
import Networks

/// Converts the emitters of a network to rows of a table; the network's system defines the columns.
extension NetworkStage {
  package var quantities: [Quantity] { columns.map(\.quantity) }

  /// Appends the entries of a list, in the order of frames, rows and columns.
  ///
  /// - Parameter first: the movie frame of the stack's first frame.
  func append(_ list: EmitterList, first: Int, to table: inout Localizations) {
    let order = list.sorted
    table.appendFrames(order.count) { first + list.places[order[$0]].frame }
    for column in columns {
      table.append(order.count, to: column.quantity) { column.value(list, order[$0], origin) }
    }
  }
}
