import Microscopy
import Reporting

/// Mean and variance of every pixel over the frames of one or several movies, in one pass.
///
/// Memory does not depend on the number of frames. Results do not depend on the number of threads,
/// which divide the frames when reading and the pixels when adding.
///
/// Example:
/// ```swift
/// let dark = try PixelMoments(of: [Movies.open("dark.tif")])
/// let readNoise = dark.variance.map { $0.squareRoot() }
/// ```
package struct PixelMoments: Sendable {
  package let width: Int
  package let height: Int
  package let frames: Int
  /// Row by row, ADU.
  package let mean: [Double]
  /// Unbiased variance, ADU².
  package let variance: [Double]
  /// The highest value of each pixel, ADU.
  package let highest: [Float]
  /// Variance from frame to frame that all pixels share, ADU²: an unsteady lamp, a drifting offset.
  /// It is the variance of the frames' means minus that from independent pixels.
  package let commonVariance: Double

  /// - Parameters:
  ///   - movies: of one size and one pixel type; their frames are concatenated.
  ///   - threads: for reading and adding.
  ///   - batchBytes: approximate amount of the movie in memory at a time.
  ///   - progress: called with the number of frames done; may throw to stop.
  /// - Throws: `CameraCalibrationError` if the movies differ or a pixel is not a number, and errors
  ///   of reading.
  package init(
    of movies: [any Movie], threads: Int = 2, batchBytes: Int = 32 << 20,
    progress: (Int) throws -> Void = { _ in }
  ) throws {
    guard let first = movies.first?.info else { throw CameraCalibrationError.noFrames }
    for other in movies.dropFirst().map(\.info) {
      guard other.width == first.width, other.height == first.height, other.pixel == first.pixel
      else { throw CameraCalibrationError.filesDiffer(other, first) }
    }
    let size = first.width * first.height
    let batch = min(
      max(batchBytes / first.frameBytes, 1), 65536, movies.map(\.info.frames).max() ?? 1)
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(batch, 1) * first.frameBytes, alignment: 4096)
    defer { buffer.deallocate() }

    var sums: (any PixelSums)?
    var (frames, centre, spread) = (0, 0.0, 0.0)
    for movie in movies {
      for start in stride(from: 0, to: movie.info.frames, by: batch) {
        let range = start..<min(start + batch, movie.info.frames)
        try Self.read(movie, range, into: buffer, threads: threads)
        let own: any PixelSums
        if let sums {
          own = sums
        } else if first.pixel == .uint16 {
          own = IntegerSums(pixels: size)
        } else {
          own = FloatSums(
            pixels: size, first: UnsafeRawBufferPointer(rebasing: buffer[..<first.frameBytes]))
        }
        sums = own
        for total in Self.add(
          UnsafeRawBufferPointer(buffer), count: range.count, size: size, to: own, threads: threads)
        {
          // Welford, Technometrics 4, 419 (1962), applied to the frames' means.
          frames += 1
          let value = total / Double(size)
          let step = value - centre
          centre += step / Double(frames)
          spread += step * (value - centre)
        }
        try progress(frames)
      }
    }
    guard let sums, frames > 0 else { throw CameraCalibrationError.noFrames }
    var (means, variances, highests) = ([Double](), [Double](), [Float]())
    for pixel in 0..<size {
      let (mean, variance, highest) = sums.moments(of: pixel, frames: frames)
      guard mean.isFinite, variance.isFinite || frames == 1 else {
        throw CameraCalibrationError.notANumber(
          file: first.name, x: pixel % first.width, y: pixel / first.width)
      }
      means.append(mean)
      variances.append(variance)
      highests.append(highest)
    }
    let independent = variances.reduce(0, +) / (Double(size) * Double(size))
    commonVariance = frames > 1 ? max(0, spread / Double(frames - 1) - independent) : 0
    (width, height) = (first.width, first.height)
    self.frames = frames
    (mean, variance, highest) = (means, variances, highests)
  }

  private init(_ whole: PixelMoments, _ region: PixelRegion) {
    func crop<T>(_ map: [T]) -> [T] {
      (region.y..<region.y + region.height).flatMap {
        map[$0 * whole.width + region.x..<$0 * whole.width + region.x + region.width]
      }
    }
    (width, height, frames) = (region.width, region.height, whole.frames)
    (mean, variance) = (crop(whole.mean), crop(whole.variance))
    highest = crop(whole.highest)
    commonVariance = whole.commonVariance
  }

  /// The part in a region of interest; nil if it is not inside the frame.
  package func cropped(to region: PixelRegion) -> PixelMoments? {
    guard region.isInside(width: width, height: height) else { return nil }
    return PixelMoments(self, region)
  }

  /// Reads frames into the start of `buffer`; each thread reads a part of them.
  private static func read(
    _ movie: any Movie, _ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer,
    threads: Int
  ) throws {
    let share = (frames.count + threads - 1) / threads
    let bytes = movie.info.frameBytes
    let failure = Guarded<(any Error)?>(nil)
    // Unsafe, because the compiler cannot see that each thread writes its own part of the buffer.
    nonisolated(unsafe) let buffer = buffer
    Threads.share(threads) { thread in
      let first = frames.lowerBound + thread * share
      let own = first..<max(first, min(first + share, frames.upperBound))
      guard !own.isEmpty else { return }
      let place = (own.lowerBound - frames.lowerBound) * bytes
      do {
        try movie.read(own, into: .init(rebasing: buffer[place..<place + own.count * bytes]))
      } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Adds frames to the sums; each thread adds a part of the pixels. Returns the sum of each frame.
  private static func add(
    _ frames: UnsafeRawBufferPointer, count: Int, size: Int, to sums: any PixelSums, threads: Int
  ) -> [Double] {
    // A fixed number of shares, so that the rounding of totals does not depend on the threads.
    let shares = min(64, size)
    var totals = [Double](repeating: 0, count: shares * count)
    totals.withUnsafeMutableBufferPointer { totals in
      // Unsafe, because the compiler cannot see that threads only read `frames`, and that each
      // writes the totals of its own shares.
      nonisolated(unsafe) let (frames, base) = (frames, totals.baseAddress!)
      Threads.share(min(threads, shares)) { thread in
        for share in stride(from: thread, to: shares, by: min(threads, shares)) {
          sums.add(
            frames, count: count, pixels: size * share / shares..<size * (share + 1) / shares,
            totals: base + share * count)
        }
      }
    }
    return (0..<count).map { frame in
      (0..<shares).reduce(0) { $0 + totals[$1 * count + frame] }
    }
  }
}

extension MovieInfo {
  /// The movie's name in messages.
  var name: String { files.first ?? format }
}
