import Formats
import Foundation

/// A colour: red, green and blue in 0...1.
struct Ink: Hashable, Sendable {
  var red: Double
  var green: Double
  var blue: Double

  init(_ red: Double, _ green: Double, _ blue: Double) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  static let black = Ink(0.1, 0.1, 0.12)
  static let grey = Ink(0.55, 0.57, 0.6)
  static let faint = Ink(0.9, 0.91, 0.93)
  static let blue = Ink(0.12, 0.42, 0.75)
  static let orange = Ink(0.87, 0.45, 0.05)
  static let green = Ink(0.1, 0.58, 0.32)
  static let red = Ink(0.8, 0.15, 0.2)
}

/// A canvas for anti-aliased lines and dots, small text and pictures. Pixels count from the top
/// left.
struct Canvas {
  let width: Int
  let height: Int
  private var pixels: [Double]

  /// White.
  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [Double](repeating: 1, count: 3 * width * height)
  }

  var picture: ColourPicture {
    ColourPicture(
      width: width, height: height,
      bytes: pixels.map { UInt8(min(max($0 * 255, 0), 255).rounded()) })
  }

  /// Blends `ink` into a pixel.
  mutating func blend(_ x: Int, _ y: Int, _ ink: Ink, _ part: Double) {
    guard 0..<width ~= x, 0..<height ~= y, part > 0 else { return }
    let i = 3 * (y * width + x)
    let part = min(part, 1)
    for (channel, value) in [ink.red, ink.green, ink.blue].enumerated() {
      pixels[i + channel] += part * (value - pixels[i + channel])
    }
  }

  mutating func fill(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ ink: Ink) {
    for v in y..<y + max(0, height) { for u in x..<x + max(0, width) { blend(u, v, ink, 1) } }
  }

  /// A line with round ends, anti-aliased by the covered part of each pixel.
  mutating func line(
    _ x0: Double, _ y0: Double, _ x1: Double, _ y1: Double, _ ink: Ink, thickness: Double = 1.5
  ) {
    guard [x0, y0, x1, y1].allSatisfy({ abs($0) < 1e5 }) else { return }
    let reach = thickness / 2 + 1
    let (dx, dy) = (x1 - x0, y1 - y0)
    let length = dx * dx + dy * dy
    for v in Int(min(y0, y1) - reach)...Int(max(y0, y1) + reach) {
      for u in Int(min(x0, x1) - reach)...Int(max(x0, x1) + reach) {
        let (px, py) = (Double(u) - x0, Double(v) - y0)
        let t = length > 0 ? min(max((px * dx + py * dy) / length, 0), 1) : 0
        blend(u, v, ink, thickness / 2 + 0.5 - hypot(px - t * dx, py - t * dy))
      }
    }
  }

  mutating func dot(_ x: Double, _ y: Double, _ ink: Ink, radius: Double = 2) {
    line(x, y, x, y, ink, thickness: 2 * radius)
  }

  mutating func circle(_ x: Double, _ y: Double, _ ink: Ink, radius: Double) {
    let steps = max(12, Int(radius))
    for i in 0..<steps {
      let (a, b) = (2 * Double.pi / Double(steps) * Double(i), 2 * Double.pi / Double(steps))
      line(
        x + radius * cos(a), y + radius * sin(a), x + radius * cos(a + b),
        y + radius * sin(a + b), ink)
    }
  }

  /// Grey levels from white (0) to black (1), each value a square of `scale` pixels.
  mutating func image(
    _ values: [Double], columns: Int, x: Int, y: Int, scale: Double
  ) {
    let rows = values.count / columns
    for v in 0..<Int(Double(rows) * scale) {
      for u in 0..<Int(Double(columns) * scale) {
        let value = values[
          min(rows - 1, Int(Double(v) / scale)) * columns
            + min(columns - 1, Int(Double(u) / scale))]
        blend(x + u, y + v, Ink(1 - value, 1 - value, 1 - value), 1)
      }
    }
  }

  enum Alignment { case left, middle, right }

  /// A line of text whose top is at `y`; seven rows of `scale` pixels.
  mutating func text(
    _ text: String, x: Int, y: Int, _ ink: Ink = .black, scale: Int = 2,
    _ alignment: Alignment = .left
  ) {
    let glyphs = text.map { DotFont.glyph($0) }
    let total = glyphs.count * 6 * scale
    var left = x
    if alignment == .middle { left -= total / 2 }
    if alignment == .right { left -= total }
    for glyph in glyphs {
      for (row, bits) in glyph.enumerated() {
        for column in 0..<5 where bits >> (4 - column) & 1 == 1 {
          fill(left + column * scale, y + row * scale, scale, scale, ink)
        }
      }
      left += 6 * scale
    }
  }

  /// The width of a text, pixels.
  static func width(_ text: String, scale: Int = 2) -> Int { text.count * 6 * scale }
}
