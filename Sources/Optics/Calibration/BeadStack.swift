/// Images of beads at a row of heights: z grows from plane to plane in equal steps.
///
/// Pixels are photoelectrons, or whatever counts the camera gave; [planes, rows, columns], x fastest.
public struct BeadStack: Sendable {
  public let name: String
  public let width: Int
  public let height: Int
  public let planes: Int
  public var pixels: [Float]

  public init(name: String, width: Int, height: Int, planes: Int, pixels: [Float]) {
    precondition(pixels.count == width * height * planes, "a stack has one value per pixel")
    self.name = name
    self.width = width
    self.height = height
    self.planes = planes
    self.pixels = pixels
  }

  /// The stack with its last plane first: for a scan in which a molecule's height falls.
  public var planesReversed: BeadStack {
    var result = self
    let size = width * height
    for k in 0..<planes {
      result.pixels.replaceSubrange(
        k * size..<(k + 1) * size, with: pixels[(planes - 1 - k) * size..<(planes - k) * size])
    }
    return result
  }

  /// The mean over the planes.
  var projection: [Double] {
    let size = width * height
    var sum = [Double](repeating: 0, count: size)
    for k in 0..<planes {
      for i in 0..<size { sum[i] += Double(pixels[k * size + i]) }
    }
    return sum.map { $0 / Double(planes) }
  }

  /// The part of side `side` around a pixel, [planes, side, side].
  func crop(x: Int, y: Int, side: Int) -> [Double] {
    let half = side / 2
    var result = [Double]()
    result.reserveCapacity(planes * side * side)
    for k in 0..<planes {
      for v in y - half..<y - half + side {
        let row = (k * height + v) * width + x - half
        for i in row..<row + side { result.append(Double(pixels[i])) }
      }
    }
    return result
  }
}
