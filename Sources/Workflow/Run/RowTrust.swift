import Foundation
import Localization
import Microscopy
import Reporting

/// What rows say about their own errors, without a truth.
package struct TrustReport: Codable, Hashable, Sendable {
  /// True errors over stated ones; nil if too few molecules are seen again.
  package var errorScale: ErrorScale?
  package var withinPixelX: PixelHistogram
  package var withinPixelY: PixelHistogram

  enum CodingKeys: String, CodingKey {
    case errorScale = "error_scale"
    case withinPixelX = "within_pixel_x"
    case withinPixelY = "within_pixel_y"
  }

  /// In words.
  package var remarks: [Message] {
    var remarks: [Message] = []
    if let scale = errorScale {
      remarks = [
        """
        errors are \(String(format: "%.2f ± %.2f", scale.factor, scale.error)) times the stated ones, by \
        \(scale.pairs) pairs of rows of later frames
        """
      ]
    }
    for (axis, histogram) in [("x", withinPixelX), ("y", withinPixelY)]
    where histogram.unevenness > 0.1 {
      remarks.append(
        """
        warning: positions are uneven within pixels, by \(Int(100 * histogram.unevenness)) % along \
        \(axis): the network draws molecules to certain parts of a pixel
        """)
    }
    return remarks
  }
}

/// Compares rows with those of earlier frames, and with the grid of pixels.
final class RowTrust: Sink {
  private let gap: Int
  private var histograms = (x: PixelHistogram(), y: PixelHistogram())
  private var squares: [Double] = []
  /// The rows of the last frames, oldest first.
  private var past: [(frame: Int, rows: [Sighting])] = []

  /// Later pairs are not looked at.
  private static let enough = 200_000

  private struct Sighting {
    var x: Double
    var y: Double
    var xVariance: Double
    var yVariance: Double

    func square(to other: Sighting) -> Double {
      let (dx, dy) = (x - other.x, y - other.y)
      return dx * dx / (xVariance + other.xVariance) + dy * dy / (yVariance + other.yVariance)
    }
  }

  /// - Parameter gap: frames between two sightings whose errors are independent.
  init(gap: Int) { self.gap = gap }

  func take(_ product: Rows, of frames: Range<Int>) {
    let table = product.table
    guard let x = table[.x], let y = table[.y] else { return }
    for row in 0..<table.count {
      histograms.x.add(x[row])
      histograms.y.add(y[row])
    }
    guard let xError = table[.xError], let yError = table[.yError], squares.count < Self.enough
    else { return }
    var start = 0
    while start < table.count {
      let frame = table.frame[start]
      let end = table.frame[start...].firstIndex { $0 != frame } ?? table.count
      let rows = (start..<end).map {
        Sighting(
          x: x[$0], y: y[$0], xVariance: xError[$0] * xError[$0],
          yVariance: yError[$0] * yError[$0])
      }
      if let earlier = past.first(where: { $0.frame == frame - gap }) {
        compare(earlier.rows, rows)
      }
      past.removeAll { $0.frame <= frame - gap }
      past.append((frame, rows))
      start = end
    }
  }

  /// Rows that are nearest to each other.
  private func compare(_ earlier: [Sighting], _ rows: [Sighting]) {
    func nearest(_ row: Sighting, in others: [Sighting]) -> (index: Int, square: Double)? {
      var best: (index: Int, square: Double)?
      for (index, other) in others.enumerated() {
        let square = row.square(to: other)
        if square < best?.square ?? ErrorScale.most { best = (index, square) }
      }
      return best
    }
    for (index, row) in rows.enumerated() {
      guard let found = nearest(row, in: earlier),
        nearest(earlier[found.index], in: rows)?.index == index
      else { continue }
      squares.append(found.square)
    }
  }

  var report: TrustReport {
    TrustReport(
      errorScale: ErrorScale(squares: squares), withinPixelX: histograms.x,
      withinPixelY: histograms.y)
  }
}
