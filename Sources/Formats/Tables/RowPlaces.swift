import Microscopy
import Reporting

/// Leaves out the rows of a table that lie nowhere, and counts them.
///
/// A row lies somewhere if its x and y are finite and within ±`limit` pixels of the first pixel.
struct RowPlaces {
  /// A movie has no more pixels, so no frame is wider or higher.
  static let limit = Double(FrameShape.mostPixels)

  private var withoutPlace = 0
  private var outside = 0

  /// The rows of `batch` that lie somewhere.
  mutating func real(of batch: Localizations) -> Localizations {
    guard let x = batch[.x], let y = batch[.y] else { return batch }
    // Comparisons with NaN are false.
    func isReal(_ row: Int) -> Bool { abs(x[row]) <= Self.limit && abs(y[row]) <= Self.limit }
    guard let first = batch.frame.indices.first(where: { !isReal($0) }) else { return batch }
    for row in first..<batch.count where !isReal(row) {
      if x[row].isNaN || y[row].isNaN { withoutPlace += 1 } else { outside += 1 }
    }
    return batch.selecting(batch.frame.indices.filter(isReal))
  }

  /// What was left out, for the user.
  func notes(of path: String) -> [Message] {
    func rows(_ count: Int) -> String { "\(count) row\(count == 1 ? "" : "s") of \(path)" }
    return [
      withoutPlace > 0 ? "\(rows(withoutPlace)) without x or y left out" : nil,
      outside > 0
        ? "\(rows(outside)) left out: x or y is infinite or beyond ±\(FrameShape.mostPixels) px, "
          + "where no movie has pixels" : nil,
    ].compactMap { $0.map { Message($0) } }
  }
}
