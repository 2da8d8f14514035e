import Foundation

/// Finds that a movie holds several z-stacks one after the other.
///
/// The sharpness of the planes then repeats, and the images jump where one scan ends and the next
/// begins. Neither is enough: some PSFs are sharp at two heights, and stages jump.
package struct RepeatedScan: Hashable, Sendable {
  /// Planes of one stack.
  package let planes: Int
  /// Complete stacks, at least two.
  package let stacks: Int
  /// Planes after the last complete stack.
  package let rest: Int

  /// How like the stacks must be: the mean correlation of a stack's sharpness with the others'.
  private static let leastLikeness = 0.6
  /// The change from one stack to the next divided by the changes around it.
  private static let leastJump = 1.5

  /// nil if the planes are one stack, as far as can be seen.
  package init?(_ stack: BeadStack) {
    let images = Self.coarse(stack)
    let sharpness = images.map(Self.sharpness)
    let changes = zip(images, images.dropFirst()).map { 1 - Statistics.correlation($0, $1) }
    let count = stack.planes
    guard count >= 14 else { return nil }
    let found = (7...count / 2).compactMap { period -> (period: Int, likeness: Double)? in
      // A period that does not divide the number of planes must repeat more often.
      guard count % period == 0 || count / period >= 3 else { return nil }
      let likeness = Self.likeness(sharpness, period)
      guard likeness >= Self.leastLikeness, Self.jump(changes, period) >= Self.leastJump else {
        return nil
      }
      return (period, likeness)
    }
    // Multiples of the period repeat as well; a divisor of the number of planes is more likely.
    let best = found.map(\.likeness).max() ?? 0
    let close = found.filter { $0.likeness >= best - 0.1 }.map(\.period)
    guard let period = close.first(where: { count % $0 == 0 }) ?? close.first else { return nil }
    planes = period
    stacks = count / period
    rest = count % period
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

  /// The mean change between stacks divided by the mean change two planes before and after.
  private static func jump(_ changes: [Double], _ period: Int) -> Double {
    let ends = Array(stride(from: period - 1, to: changes.count - 2, by: period))
    let around = ends.flatMap {
      [changes[$0 - 2], changes[$0 - 1], changes[$0 + 1], changes[$0 + 2]]
    }
    let (between, inside) = (
      Statistics.mean(ends.map { changes[$0] }), Statistics.mean(around)
    )
    return inside > 0 ? between / inside : (between > 0 ? .infinity : 0)
  }
}
