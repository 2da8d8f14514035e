import Microscopy
import Networks

/// Emitters of a network as rows of a table: the network's system says what the columns are.
extension NetworkPipeline {
  public var quantities: [Quantity] { columns.map(\.quantity) }

  public func collect(first: Int, into table: inout Localizations, tally: inout SpotTally) {
    let list = received
    let order = list.sorted
    let start = first - leading
    table.appendFrames(order.count) { start + list.places[order[$0]].frame }
    for column in columns {
      table.append(order.count, to: column.quantity) { column.value(list, order[$0], origin) }
    }
  }
}
