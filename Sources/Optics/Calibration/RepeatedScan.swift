import Foundation

/// Finds that a movie holds several z-stacks one after the other.
///
/// The sharpness of the planes then repeats, and the image jumps where one stack ends and the next
/// begins. A repetition alone is enough if it is clear, and so are jumps at equal distances; else
/// both are needed, because some PSFs are sharp at two heights and a stage may jump once.
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
    let found = (7...count / 2).compactMap { period -> (period: Int, likeness: Double)? in
      let stacks = count / period
      // A period that does not divide the number of planes must repeat more often.
      guard count % period == 0 || stacks >= 3 else { return nil }
      let likeness = Self.likeness(sharpness, period)
      let jumps = Self.jumps(changes, period)
      let (mean, least) = (Statistics.mean(jumps), jumps.min() ?? 0)
      let repeats =
        likeness >= 0.6 && mean >= 1.5 || likeness >= 0.8 && stacks >= 5
        || jumps.count >= 2 && least >= 3
      return repeats ? (period, likeness) : nil
    }
    // Multiples of the period repeat as well; a divisor of the number of planes is more likely.
    guard let best = found.max(by: { $0.likeness < $1.likeness }) else { return nil }
    let divisor = found.first { count % $0.period == 0 && $0.likeness >= best.likeness - 0.1 }
    planes = (divisor ?? best).period
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
