import Foundation

/// Finds that a movie holds several z-stacks one after the other.
///
/// The image jumps where one stack ends and the next begins, and the sharpness of the planes repeats.
/// Clear jumps at equal distances are enough, and so is a sharpness that repeats many times; dim
/// beads may show both only weakly.
package struct RepeatedScan: Hashable, Sendable {
  /// Planes of one stack.
  package let planes: Int
  /// Complete stacks, at least two.
  package let stacks: Int
  /// Planes after the last complete stack.
  package let rest: Int

  /// nil if the planes are one stack, as far as can be seen.
  package init?(_ stack: BeadStack) {
    let images = Self.coarse(stack)
    let sharpness = images.map(Self.sharpness)
    let changes = zip(images, images.dropFirst()).map { 1 - Statistics.correlation($0, $1) }
    let count = stack.planes
    guard count >= 14 else { return nil }
    var (jumping, alike) = ([Int](), [(period: Int, likeness: Double)]())
    for period in 7...count / 2 {
      let stacks = count / period
      // A period that does not divide the number of planes must repeat more often.
      guard count % period == 0 || stacks >= 3 else { continue }
      let jumps = Self.jumps(changes, period)
      let jumpsAlways = jumps.allSatisfy { $0 >= 1.5 }
      if jumpsAlways, Statistics.mean(jumps) >= 3 { jumping.append(period) }
      let likeness = Self.likeness(sharpness, period)
      if likeness >= 0.6 && jumpsAlways || likeness >= 0.8 && stacks >= 5 {
        alike.append((period, likeness))
      }
    }
    // Multiples of a period repeat as well, and so, almost, do its neighbours.
    let best = alike.max { $0.likeness < $1.likeness }
    let close = alike.filter { $0.likeness >= (best?.likeness ?? 0) - 0.1 }.map(\.period)
    func divides(_ period: Int) -> Bool { count % period == 0 }
    guard
      let period = jumping.first(where: divides) ?? jumping.first ?? close.first(where: divides)
        ?? best?.period
    else { return nil }
    planes = period
    stacks = count / planes
    rest = count % planes
  }

  /// Every plane in blocks of a few pixels, at most 32 along a side, so that noise matters less.
  private static func coarse(_ stack: BeadStack) -> [[Double]] {
    let block = max(2, (max(stack.width, stack.height) + 31) / 32)
    let (columns, rows) = ((stack.width + block - 1) / block, (stack.height + block - 1) / block)
    let size = stack.width * stack.height
    return (0..<stack.planes).map { k in
      var image = [Double](repeating: 0, count: columns * rows)
      for v in 0..<stack.height {
        for u in 0..<stack.width {
          let value = stack.pixels[k * size + v * stack.width + u]
          if value.isFinite { image[v / block * columns + u / block] += Double(value) }
        }
      }
      return image
    }
  }

  /// Σp⁴ / (Σp²)² of the light above the median: independent of brightness, largest in focus.
  private static func sharpness(_ image: [Double]) -> Double {
    let level = Statistics.median(image)
    let (squares, fourths) = image.reduce((0.0, 0.0)) { sums, value in
      let square = (value - level) * (value - level)
      return (sums.0 + square, sums.1 + square * square)
    }
    return squares > 0 ? fourths / (squares * squares) : 0
  }

  /// Mean correlation of each stack's sharpness with the mean of the others'.
  private static func likeness(_ sharpness: [Double], _ period: Int) -> Double {
    let count = sharpness.count / period
    let curves = (0..<count).map { Array(sharpness[$0 * period..<($0 + 1) * period]) }
    var sum = [Double](repeating: 0, count: period)
    for curve in curves { for i in sum.indices { sum[i] += curve[i] } }
    return Statistics.mean(
      curves.map { curve in Statistics.correlation(curve, zip(sum, curve).map { $0 - $1 }) })
  }

  /// The change from one stack to the next divided by the mean change two planes before and after.
  private static func jumps(_ changes: [Double], _ period: Int) -> [Double] {
    stride(from: period - 1, to: changes.count - 2, by: period).map { end in
      let around = [end - 2, end - 1, end + 1, end + 2].map { changes[$0] }
      return changes[end] / max(Statistics.mean(around), .leastNormalMagnitude)
    }
  }
}
