import Foundation

/// A plot of curves and points, drawn into a rectangle of a canvas.
struct LinePlot {
  struct Series {
    var name: String
    var ink: Ink
    var x: [Double]
    var y: [Double]
    /// Points, or a line through them in order (with gaps at NaN values).
    var isLine = true
  }

  var title: String
  var xLabel: String
  var yLabel: String
  var series: [Series]
  /// A range that is drawn as a pale band.
  var band: ClosedRange<Double>?
  /// nil to fit the series.
  var yRange: ClosedRange<Double>?
  /// The fraction of y values that may be clipped at either end.
  var outliers = 0.0

  func draw(on canvas: inout Canvas, x: Int, y: Int, width: Int, height: Int) {
    let area = (left: x + 78, top: y + 50, right: x + width - 16, bottom: y + height - 54)
    canvas.text(title, x: area.left, y: y + 6)
    let xs = series.flatMap(\.x).filter(\.isFinite)
    let ys = series.flatMap(\.y).filter(\.isFinite).sorted()
    guard let xLow = xs.min(), let xHigh = xs.max(), !ys.isEmpty else {
      canvas.text("nothing to show", x: area.left, y: area.top, .grey)
      return
    }
    let cut = Int(outliers * Double(ys.count))
    let horizontal = Scale(xLow, xHigh, from: Double(area.left), to: Double(area.right))
    let needed = yRange ?? ys[cut]...ys[ys.count - 1 - cut]
    let vertical = Scale(
      needed.lowerBound, needed.upperBound, from: Double(area.bottom), to: Double(area.top),
      padding: yRange == nil ? 0.05 : 0)
    if let band {
      let (a, b) = (
        max(horizontal(band.lowerBound), Double(area.left)),
        min(horizontal(band.upperBound), Double(area.right))
      )
      canvas.fill(
        Int(a), area.top, Int(b - a), area.bottom - area.top, Ink(0.93, 0.97, 0.94))
    }
    for tick in horizontal.ticks {
      let place = horizontal(tick)
      canvas.line(
        place, Double(area.top), place, Double(area.bottom), .faint, thickness: 1)
      canvas.text(horizontal.label(tick), x: Int(place), y: area.bottom + 8, .black, .middle)
    }
    for tick in vertical.ticks {
      let place = vertical(tick)
      canvas.line(Double(area.left), place, Double(area.right), place, .faint, thickness: 1)
      canvas.text(vertical.label(tick), x: area.left - 6, y: Int(place) - 6, .black, .right)
    }
    for one in series { draw(one, on: &canvas, horizontal, vertical, area.top, area.bottom) }
    for (a, b) in [
      ((area.left, area.top), (area.left, area.bottom)),
      ((area.left, area.bottom), (area.right, area.bottom)),
    ] {
      canvas.line(Double(a.0), Double(a.1), Double(b.0), Double(b.1), .black, thickness: 1)
    }
    canvas.text(xLabel, x: (area.left + area.right) / 2, y: area.bottom + 32, .black, .middle)
    canvas.text(yLabel, x: x + 10, y: y + 28)
    var place = area.right
    for one in series.reversed() where !one.name.isEmpty {
      canvas.text(one.name, x: place, y: y + 28, one.ink, .right)
      place -= Canvas.width(one.name) + 14
    }
  }

  private func draw(
    _ one: Series, on canvas: inout Canvas, _ horizontal: Scale, _ vertical: Scale, _ top: Int,
    _ bottom: Int
  ) {
    let points = zip(one.x, one.y).map { (horizontal($0), vertical($1)) }
    func visible(_ point: (Double, Double)) -> Bool {
      point.0.isFinite && point.1 >= Double(top) - 1 && point.1 <= Double(bottom) + 1
    }
    guard one.isLine else {
      for point in points where visible(point) {
        canvas.dot(point.0, point.1, one.ink, radius: 1.5)
      }
      return
    }
    for (a, b) in zip(points, points.dropFirst()) where visible(a) && visible(b) {
      canvas.line(a.0, a.1, b.0, b.1, one.ink, thickness: 2)
    }
  }
}

extension Canvas {
  mutating func text(_ text: String, x: Int, y: Int, _ ink: Ink, _ alignment: Alignment) {
    self.text(text, x: x, y: y, ink, scale: 2, alignment)
  }
}

/// Maps values to pixels, with ticks at round numbers.
struct Scale {
  let low: Double
  let high: Double
  private let from: Double
  private let to: Double
  private let step: Double

  /// - Parameter padding: fraction of the range added at both ends.
  init(_ low: Double, _ high: Double, from: Double, to: Double, padding: Double = 0) {
    let span = high > low ? high - low : max(abs(low), 1) * 0.1
    self.low = low - padding * span
    self.high = (high > low ? high : low + span) + padding * span
    self.from = from
    self.to = to
    // 1, 2 or 5 times a power of ten, about 80 pixels apart.
    let rough = (self.high - self.low) / max(2, abs(to - from) / 80)
    let power = pow(10, log10(rough).rounded(.down))
    step = power * ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10)
  }

  func callAsFunction(_ value: Double) -> Double {
    from + (value - low) / (high - low) * (to - from)
  }

  var ticks: [Double] {
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    return first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : []
  }

  func label(_ value: Double) -> String {
    let digits = max(0, Int(-log10(step).rounded(.down)))
    let text = String(format: "%.\(digits)f", value)
    return text.hasPrefix("-") && Double(text) == 0 ? String(text.dropFirst()) : text
  }
}
