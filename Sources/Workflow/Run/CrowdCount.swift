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
  /// For each row of a frame; reused.
  private var isClose: [Bool] = []

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
      isClose.removeAll(keepingCapacity: true)
      isClose.append(contentsOf: repeatElement(false, count: end - start))
      for i in start..<end {
        // Rows are in the order of their peaks, which are less than a box from the fits.
        for j in i + 1..<max(end, i + 1) {
          guard y[j] - y[i] <= 3 * reach else { break }
          if abs(y[j] - y[i]) <= reach, abs(x[j] - x[i]) <= reach {
            (isClose[i - start], isClose[j - start]) = (true, true)
          }
        }
      }
      rows += end - start
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
