import Formats
import Foundation
import Localization
import Microscopy

/// The frames of a movie, or of a region of it, in batches with the neighbours that a stage needs.
///
/// `@unchecked Sendable`: only one thread fills buffers, and its counts are read afterwards.
package final class FrameSource: Source, @unchecked Sendable {
  package let count: Int
  package let batchBytes: Int
  private let movie: any Movie
  private let region: PixelRegion
  private let frames: Range<Int>
  private let batch: Int
  private let halo: Int
  private let frameBytes: Int
  private let scratch: UnsafeMutableRawBufferPointer?
  private var next: Int
  private var badPixels = 0
  private var badFrames = 0

  /// - Parameters:
  ///   - frames: the frames for which results are requested.
  ///   - batch: the number of these frames per batch.
  ///   - halo: the number of neighbours that each frame needs on either side.
  package init(
    _ movie: any Movie, frames: Range<Int>, region: PixelRegion, batch: Int, halo: Int
  ) {
    self.movie = movie
    self.region = region
    self.frames = frames
    self.batch = batch
    self.halo = halo
    count = frames.count
    next = frames.lowerBound
    frameBytes = region.width * region.height * movie.info.pixel.bytes
    batchBytes = min(batch + 2 * halo, max(movie.info.frames, 1)) * frameBytes
    let crops = region.width != movie.info.width || region.height != movie.info.height
    scratch =
      crops ? .allocate(byteCount: movie.info.frameBytes, alignment: 4096) : nil
  }

  deinit { scratch?.deallocate() }

  /// A note on the number of pixels that are NaN or infinite; nil if there are none.
  package var notNumbers: String? {
    badPixels == 0
      ? nil
      : "\(badPixels) pixels in \(badFrames) frames are NaN or infinite; "
        + "spots near them are not found"
  }

  package func fill(_ buffer: BatchBuffer, isStopped: () -> Bool) throws -> Bool {
    guard next < frames.upperBound else { return false }
    let own = next..<min(next + batch, frames.upperBound)
    let whole = max(own.lowerBound - halo, 0)..<min(own.upperBound + halo, movie.info.frames)
    do {
      try read(whole, into: buffer.bytes)
    } catch {
      throw explained(error)
    }
    buffer.hold(own, of: whole, itemBytes: frameBytes)
    if movie.info.pixel == .float32 { lookForNaN(buffer.batch) }
    next = own.upperBound
    return true
  }

  /// An error for a frame that cannot be read, with a hint on how to process the frames before it.
  private func explained(_ error: any Error) -> any Error {
    guard var error = error as? MovieError, let frame = error.frame, error.hint == nil else {
      return error
    }
    error.hint = MovieError.hint(before: frame, from: frames.lowerBound)
    return error
  }

  /// Counts the NaN and infinite pixels in a batch's own frames.
  private func lookForNaN(_ batch: Batch) {
    let size = region.width * region.height
    let pixels = batch.bytes.bindMemory(to: Float.self)
    for frame in batch.shape.own {
      let own = UnsafeBufferPointer(rebasing: pixels[frame * size..<(frame + 1) * size])
      // The sum is finite only if every pixel is, so only the few other frames are examined
      // further.
      guard !own.reduce(0, +).isFinite else { continue }
      let count = own.count { !$0.isFinite }
      badPixels += count
      badFrames += count > 0 ? 1 : 0
    }
  }

  private func read(_ frames: Range<Int>, into bytes: UnsafeMutableRawBufferPointer) throws {
    guard let scratch else { return try movie.read(frames, into: bytes) }
    let pixel = movie.info.pixel.bytes
    let row = region.width * pixel
    for (index, frame) in frames.enumerated() {
      try movie.read(frame..<frame + 1, into: scratch)
      for y in 0..<region.height {
        let source = ((region.y + y) * movie.info.width + region.x) * pixel
        (bytes.baseAddress! + index * frameBytes + y * row)
          .copyMemory(from: scratch.baseAddress! + source, byteCount: row)
      }
    }
  }
}
