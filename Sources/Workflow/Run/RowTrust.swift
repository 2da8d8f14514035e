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

/// Compares rows with those of earlier frames, and with the grid of pixels. All memory is reused.
final class RowTrust: Sink {
  private let gap: Int
  private var histograms = (x: PixelHistogram(), y: PixelHistogram())
  private var squares: [Double] = []
  /// The rows of the last frames; that of frame f has the place f modulo their number.
  private var past: [(frame: Int, rows: [Sighting])]

  /// Later pairs are not looked at.
  private static let enough = 20_000

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
  init(gap: Int) {
    self.gap = gap
    past = (0...gap).map { _ in (-1, []) }
    squares.reserveCapacity(Self.enough)
  }

  func take(_ product: Rows, of frames: Range<Int>) {
    let table = product.table
    guard let x = table[.x], let y = table[.y] else { return }
    for row in 0..<table.count {
      histograms.x.add(x[row])
      histograms.y.add(y[row])
    }
    guard let xError = table[.xError], let yError = table[.yError] else { return }
    var row = 0
    while row < table.count, squares.count < Self.enough {
      let frame = table.frame[row]
      let place = frame % past.count
      past[place].frame = frame
      past[place].rows.removeAll(keepingCapacity: true)
      while row < table.count, table.frame[row] == frame {
        past[place].rows.append(
          Sighting(
            x: x[row], y: y[row], xVariance: xError[row] * xError[row],
            yVariance: yError[row] * yError[row]))
        row += 1
      }
      let earlier = (frame + 1) % past.count
      if past[earlier].frame == frame - gap { compare(earlier, place) }
    }
  }

  /// Adds the rows of two frames that are nearest to each other.
  private func compare(_ earlier: Int, _ later: Int) {
    for (index, row) in past[later].rows.enumerated() {
      guard let found = nearest(row, in: earlier),
        nearest(past[earlier].rows[found.index], in: later)?.index == index,
        squares.count < Self.enough
      else { continue }
      squares.append(found.square)
    }
  }

  private func nearest(_ row: Sighting, in place: Int) -> (index: Int, square: Double)? {
    var best: (index: Int, square: Double)?
    for (index, other) in past[place].rows.enumerated() {
      let square = row.square(to: other)
      if square < best?.square ?? ErrorScale.most { best = (index, square) }
    }
    return best
  }

  var report: TrustReport {
    TrustReport(
      errorScale: ErrorScale(squares: squares), withinPixelX: histograms.x,
      withinPixelY: histograms.y)
  }
}
