import Localization
import Microscopy
import Reporting

/// Counts rows that lie so close to another row of their frame that fits of one molecule disturb each
/// other.
final class CrowdCount: Sink {
  /// px.
  private let reach: Double
  private var rows = 0
  private var close = 0

  /// Later rows are not looked at.
  private static let enough = 50_000
  private static let fewest = 200
  private static let credible = 0.25

  /// - Parameter reach: distance along x and y within which two rows are close, px.
  init(reach: Double) { self.reach = reach }

  func take(_ product: Rows, of frames: Range<Int>) {
    guard rows < Self.enough, let x = product.table[.x], let y = product.table[.y] else { return }
    let frame = product.table.frame
    var start = 0
    while start < frame.count {
      let end = frame[start...].firstIndex { $0 != frame[start] } ?? frame.count
      let order = (start..<end).sorted { y[$0] < y[$1] }
      var isClose = Array(repeating: false, count: order.count)
      for (i, row) in order.enumerated() {
        for j in order.indices.dropFirst(i + 1) {
          guard y[order[j]] - y[row] <= reach else { break }
          if abs(x[order[j]] - x[row]) <= reach { (isClose[i], isClose[j]) = (true, true) }
        }
      }
      rows += order.count
      close += isClose.count { $0 }
      start = end
    }
  }

  /// What to do about a crowd; nil without one.
  var remark: Message? {
    guard rows >= Self.fewest, Double(close) > Self.credible * Double(rows) else { return nil }
    return """
      \(100 * close / rows) % of the localizations are closer than a box to another of their frame: there \
      molecules are missed, and fits of one molecule at a time are biased; \(.emitters) multi fits them \
      together
      """
  }
}
