import Foundation

/// A point of the field, in pixels.
struct Point: Hashable, Sendable {
  var x: Double
  var y: Double

  /// The corners of a regular polygon around the point, with a random rotation.
  func polygon(radius: Double, corners: Int, _ random: inout RandomStream) -> [Point] {
    let turn = random.uniform()
    return (0..<corners).map { corner in
      let angle = 2 * Double.pi * (Double(corner) + turn) / Double(corners)
      return Point(x: x + radius * cos(angle), y: y + radius * sin(angle))
    }
  }
}

/// The field of view of a camera, in pixels: from -0.5 to size - 0.5.
struct Field: Sendable {
  let width: Double
  let height: Double

  func contains(_ point: Point) -> Bool {
    -0.5..<width - 0.5 ~= point.x && -0.5..<height - 0.5 ~= point.y
  }

  func anywhere(_ random: inout RandomStream) -> Point {
    Point(x: width * random.uniform() - 0.5, y: height * random.uniform() - 0.5)
  }

  /// As many points as fit, row by row, centred in the field.
  func grid(spacing: Double) -> [Point] {
    // Guards against rounding: a third of the field must fit three times.
    let (columns, rows) = (Int(width / spacing + 1e-9), Int(height / spacing + 1e-9))
    let left = (width - 1) / 2 - spacing * Double(columns - 1) / 2
    let top = (height - 1) / 2 - spacing * Double(rows - 1) / 2
    return (0..<rows * columns).map { i in
      Point(x: left + spacing * Double(i % columns), y: top + spacing * Double(i / columns))
    }
  }
}
