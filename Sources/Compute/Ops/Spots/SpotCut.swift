import CPUKernels

/// The number of a box's columns and rows that lie outside the frame.
package struct SpotCut: Hashable, Sendable {
  package var left = 0
  package var right = 0
  package var top = 0
  package var bottom = 0

  /// From the flags of `GatherSpots`.
  package init(flags: Int) {
    left = flags >> 4 & 15
    right = flags >> 8 & 15
    top = flags >> 12 & 15
    bottom = flags >> 16 & 15
  }

  /// Of a box around the pixel (x, y) of a frame.
  package init(box: Int, x: Int, y: Int, width: Int, height: Int) {
    left = max(box / 2 - x, 0)
    right = max(x + box / 2 + 1 - width, 0)
    top = max(box / 2 - y, 0)
    bottom = max(y + box / 2 + 1 - height, 0)
  }

  var flags: Int { left << 4 | right << 8 | top << 12 | bottom << 16 }

  /// Whether the frame's edge cuts the box.
  package var isCut: Bool { flags != 0 }

  /// The pixels of a box that lie inside the frame.
  func inside(box: Int) -> [Int] {
    (top..<box - bottom).flatMap { row in (left..<box - right).map { row * box + $0 } }
  }

  /// Their number.
  package func pixels(ofBox box: Int) -> Int { (box - top - bottom) * (box - left - right) }
}
