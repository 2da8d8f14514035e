import Formats
import Foundation
import Microscopy

/// A picture of camera maps: offset, read noise and gain side by side, with a histogram under each.
///
/// Black and white of a map are its 1 % and 99 % quantiles (read noise: 0 to 99.5 %). These are
/// also the limits of its histogram, and are written under it.
struct CameraPicture {
  private static let widest = 512
  private static let gap = 24
  private static let histogramHeight = 96

  private let maps: CameraMaps
  /// For large sensors every k-th pixel is shown, so that single hot pixels keep their contrast.
  private let step: Int
  private let columns: Int
  private let rows: Int
  /// Picture pixels per sensor pixel, for small sensors.
  private let magnification: Int
  private let panel: Int

  init(_ maps: CameraMaps) {
    self.maps = maps
    step = (max(maps.width, maps.height) + Self.widest - 1) / Self.widest
    columns = (maps.width + step - 1) / step
    rows = (maps.height + step - 1) / step
    magnification = max(1, 320 / max(columns, rows))
    panel = max(columns * magnification, 320)
  }

  var picture: ColourPicture {
    var canvas = Canvas(
      width: 3 * panel + 4 * Self.gap, height: rows * magnification + Self.histogramHeight + 120)
    canvas.text(
      "\(maps.width)×\(maps.height) px" + (step > 1 ? ", 1 of \(step) shown" : ""),
      x: Self.gap, y: 10, .grey)
    let noise = zip(maps.variance, maps.gain).map { $0.squareRoot() / $1 }
    let all: [(title: String, unit: String, values: [Float], low: Double, high: Double)] = [
      ("offset", "ADU", maps.offset, 0.01, 0.99), ("read noise", "e−", noise, 0, 0.995),
      ("gain", "ADU/e−", maps.gain, 0.01, 0.99),
    ]
    for (index, map) in all.enumerated() {
      let sorted = map.values.sorted()
      func quantile(_ part: Double) -> Double {
        Double(sorted[Int(Double(sorted.count - 1) * part)])
      }
      draw(
        map.title, map.unit, map.values.map(Double.init), from: quantile(map.low),
        to: quantile(map.high), median: quantile(0.5),
        at: Self.gap + index * (panel + Self.gap), on: &canvas)
    }
    return canvas.picture
  }

  private func draw(
    _ title: String, _ unit: String, _ values: [Double], from black: Double, to white: Double,
    median: Double, at left: Int, on canvas: inout Canvas
  ) {
    func level(_ value: Double) -> Double {
      white > black ? min(max((value - black) / (white - black), 0), 1) : 0.5
    }
    let digits = Scale(black, max(white, black), from: 0, to: 480)
    canvas.text(title, x: left, y: 38)
    canvas.text("median " + String(format: "%.4g", median), x: left + panel, y: 38, .grey, .right)
    let top = 62
    let size = magnification
    for y in 0..<rows {
      for x in 0..<columns {
        let grey = level(values[y * step * maps.width + x * step])
        canvas.fill(left + x * size, top + y * size, size, size, Ink(grey, grey, grey))
      }
    }
    var counts = [Int](repeating: 0, count: panel)
    for value in values { counts[min(Int(level(value) * Double(panel)), panel - 1)] += 1 }
    let highest = max(counts.max() ?? 1, 1)
    let bottom = top + rows * size + 16 + Self.histogramHeight
    for (x, count) in counts.enumerated() {
      let bar = Self.histogramHeight * count / highest
      canvas.fill(left + x, bottom - bar, 1, bar, .blue)
    }
    canvas.line(
      Double(left), Double(bottom), Double(left + panel), Double(bottom), .black, thickness: 1)
    canvas.text(digits.label(black), x: left, y: bottom + 8)
    canvas.text(digits.label(white), x: left + panel, y: bottom + 8, .black, .right)
    canvas.text(unit, x: left + panel / 2, y: bottom + 8, .black, .middle)
  }
}
