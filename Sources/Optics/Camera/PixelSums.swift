/// Sums over frames, pixel by pixel, from which mean and variance follow.
///
/// Different ranges of pixels may be added to by different threads at the same time.
protocol PixelSums: AnyObject, Sendable {
  /// Adds `pixels` of `count` frames (at most 65536) that lie one after another.
  ///
  /// - Parameter totals: receives, for each frame, the sum of these pixels on top of what is there.
  func add(
    _ frames: UnsafeRawBufferPointer, count: Int, pixels: Range<Int>,
    totals: UnsafeMutablePointer<Double>)

  /// Mean, unbiased variance and highest value of a pixel over `frames` frames.
  func moments(of pixel: Int, frames: Int) -> (mean: Double, variance: Double, highest: Float)
}

/// 16-bit pixels: Σ and Σ² are whole numbers in 64 bits, the variance is formed in 128, so that nothing
/// is rounded before the last division, however long and bright the movie (up to 2³² frames).
final class IntegerSums: PixelSums, @unchecked Sendable {
  private let size: Int
  private let sum: UnsafeMutablePointer<UInt64>
  private let squares: UnsafeMutablePointer<UInt64>
  private let highest: UnsafeMutablePointer<UInt16>
  /// Pixels whose running sums stay in the first cache while the frames pass by.
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
      // A square is kept as two halves of 16 bits: each sum of 65536 of them fits into 32.
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

/// Floating-point pixels: sums in Double of the distance to each pixel's first value, which is near
/// the mean, so that the squares do not cancel.
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
