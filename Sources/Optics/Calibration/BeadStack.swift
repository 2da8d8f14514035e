/// Images of beads at a series of heights; z increases in equal steps from plane to plane.
///
/// Pixels are photoelectrons or camera counts; [planes, rows, columns], x fastest.
package struct BeadStack: Sendable {
  package let name: String
  package let width: Int
  package let height: Int
  package let planes: Int
  package var pixels: [Float]

  package init(name: String, width: Int, height: Int, planes: Int, pixels: [Float]) {
    precondition(pixels.count == width * height * planes, "a stack has one value per pixel")
    self.name = name
    self.width = width
    self.height = height
    self.planes = planes
    self.pixels = pixels
  }

  /// The stack with its planes reversed, for a scan in which a molecule's height decreases.
  package var planesReversed: BeadStack {
    var result = self
    let size = width * height
    for k in 0..<planes {
      result.pixels.replaceSubrange(
        k * size..<(k + 1) * size, with: pixels[(planes - 1 - k) * size..<(planes - k) * size])
    }
    return result
  }

  /// The mean over the planes, ignoring NaN.
  var projection: [Double] {
    let size = width * height
    var sum = [Double](repeating: 0, count: size)
    var counts = [Int](repeating: 0, count: size)
    for k in 0..<planes {
      for i in 0..<size where pixels[k * size + i].isFinite {
        sum[i] += Double(pixels[k * size + i])
        counts[i] += 1
      }
    }
    return zip(sum, counts).map { $1 > 0 ? $0 / Double($1) : 0 }
  }

  /// The square of side `side` around a pixel, [planes, side, side]; near the border the closest one
  /// that is inside the image.
  ///
  /// - Precondition: `side` is at most the image's width and height.
  func crop(x: Int, y: Int, side: Int) -> [Double] {
    let left = min(max(x - side / 2, 0), width - side)
    let top = min(max(y - side / 2, 0), height - side)
    var result = [Double]()
    result.reserveCapacity(planes * side * side)
    for k in 0..<planes {
      for v in top..<top + side {
        let row = (k * height + v) * width + left
        for i in row..<row + side { result.append(Double(pixels[i])) }
      }
    }
    return result
  }
}
