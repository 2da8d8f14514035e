/// Sums over frames, pixel by pixel, from which mean and variance are computed.
///
/// Several threads may add at the same time if their pixel ranges do not overlap.
protocol PixelSums: AnyObject, Sendable {
  /// Adds `pixels` of `count` consecutive frames (at most 65536).
  ///
  /// - Parameter totals: the sum of these pixels is added to it for each frame.
  func add(
    _ frames: UnsafeRawBufferPointer, count: Int, pixels: Range<Int>,
    totals: UnsafeMutablePointer<Double>)

  /// Mean, unbiased variance and highest value of a pixel over `frames` frames.
  func moments(of pixel: Int, frames: Int) -> (mean: Double, variance: Double, highest: Float)
}

/// 16-bit pixels: Σ and Σ² are 64-bit integers and the variance is formed in 128 bits, so nothing
/// is rounded before the last division, for movies of up to 2³² frames.
///
/// `@unchecked Sendable`: threads add to separate ranges of pixels; see `PixelSums`.
final class IntegerSums: PixelSums, @unchecked Sendable {
  private let size: Int
  private let sum: UnsafeMutablePointer<UInt64>
  private let squares: UnsafeMutablePointer<UInt64>
  private let highest: UnsafeMutablePointer<UInt16>
  /// Number of pixels whose running sums stay in the first-level cache.
  private static let tile = 1024

  init(pixels size: Int) {
    self.size = size
    sum = .allocate(capacity: size)
    squares = .allocate(capacity: size)
    highest = .allocate(capacity: size)
    sum.initialize(repeating: 0, count: size)
    squares.initialize(repeating: 0, count: size)
    highest.initialize(repeating: 0, count: size)
  }

  deinit {
    sum.deallocate()
    squares.deallocate()
    highest.deallocate()
  }

  func add(
    _ frames: UnsafeRawBufferPointer, count: Int, pixels: Range<Int>,
    totals: UnsafeMutablePointer<Double>
  ) {
    precondition(count <= 65536, "the sums of a batch are kept in 32 bits")
    let source = frames.bindMemory(to: UInt16.self).baseAddress!
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 3 * Self.tile) { room in
      // A square is split into two 16-bit halves: a sum of 65536 halves fits 32 bits.
      let sums = room.baseAddress!
      let (low, high) = (sums + Self.tile, sums + 2 * Self.tile)
      var first = pixels.lowerBound
      while first < pixels.upperBound {
        let width = min(Self.tile, pixels.upperBound - first)
        let top = highest + first
        sums.initialize(repeating: 0, count: 3 * Self.tile)
        for frame in 0..<count {
          let row = source + frame * size + first
          var total: UInt32 = 0
          for i in 0..<width {
            let value = UInt32(row[i])
            let square = value &* value
            sums[i] &+= value
            low[i] &+= square & 0xffff
            high[i] &+= square &>> 16
            total &+= value
          }
          for i in 0..<width { top[i] = max(top[i], row[i]) }
          totals[frame] += Double(total)
        }
        for i in 0..<width {
          sum[first + i] &+= UInt64(sums[i])
          squares[first + i] &+= UInt64(low[i]) &+ UInt64(high[i]) &<< 16
        }
        first += width
      }
    }
  }

  func moments(of pixel: Int, frames: Int) -> (mean: Double, variance: Double, highest: Float) {
    let n = UInt128(frames)
    // n Σx² is at least (Σx)² by Cauchy and Schwarz.
    let spread = n * UInt128(squares[pixel]) - UInt128(sum[pixel]) * UInt128(sum[pixel])
    return (
      Double(sum[pixel]) / Double(frames),
      frames > 1 ? Double(spread) / (Double(frames) * Double(frames - 1)) : .nan,
      Float(highest[pixel])
    )
  }
}

/// Floating-point pixels: sums in Double of the difference from each pixel's first value. This is
/// near the mean, so squares do not cancel.
///
/// `@unchecked Sendable`: threads add to separate ranges of pixels; see `PixelSums`.
final class FloatSums: PixelSums, @unchecked Sendable {
  private let size: Int
  private let pivot: UnsafeMutablePointer<Float>
  private let sum: UnsafeMutablePointer<Double>
  private let squares: UnsafeMutablePointer<Double>
  private let highest: UnsafeMutablePointer<Float>

  /// - Parameter first: the first frame.
  init(pixels size: Int, first: UnsafeRawBufferPointer) {
    self.size = size
    pivot = .allocate(capacity: size)
    sum = .allocate(capacity: size)
    squares = .allocate(capacity: size)
    highest = .allocate(capacity: size)
    pivot.initialize(from: first.bindMemory(to: Float.self).baseAddress!, count: size)
    sum.initialize(repeating: 0, count: size)
    squares.initialize(repeating: 0, count: size)
    highest.initialize(repeating: -.infinity, count: size)
  }

  deinit {
    pivot.deallocate()
    sum.deallocate()
    squares.deallocate()
    highest.deallocate()
  }

  func add(
    _ frames: UnsafeRawBufferPointer, count: Int, pixels: Range<Int>,
    totals: UnsafeMutablePointer<Double>
  ) {
    let source = frames.bindMemory(to: Float.self).baseAddress!
    for frame in 0..<count {
      let row = source + frame * size
      var total = 0.0
      for i in pixels {
        let distance = Double(row[i]) - Double(pivot[i])
        sum[i] += distance
        squares[i] += distance * distance
        highest[i] = max(highest[i], row[i])
        total += Double(row[i])
      }
      totals[frame] += total
    }
  }

  func moments(of pixel: Int, frames: Int) -> (mean: Double, variance: Double, highest: Float) {
    let n = Double(frames)
    let spread = squares[pixel] - sum[pixel] * sum[pixel] / n
    return (
      Double(pivot[pixel]) + sum[pixel] / n, frames > 1 ? max(0, spread) / (n - 1) : .nan,
      highest[pixel]
    )
  }
}
