import Compute
import Dispatch
import Formats
import Foundation
import Localization
import Microscopy

/// Frames that travel together, with the neighbours that a temporal filter needs around them.
final class FrameBatch: @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer
  /// Frames of the movie that the batch answers for.
  var frames = 0..<0
  var shape = BatchShape(leading: 0, frames: 0, trailing: 0)

  private let frameBytes: Int

  init(capacity: Int, frameBytes: Int) {
    self.frameBytes = frameBytes
    bytes = .allocate(byteCount: capacity * frameBytes, alignment: 4096)
  }

  /// The frames that lie in it now.
  var filled: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[..<(shape.total * frameBytes)])
  }

  deinit { bytes.deallocate() }
}

/// Cuts a movie into batches and fills them, on a thread of its own.
final class FrameReader: @unchecked Sendable {
  let movie: any Movie
  let region: PixelRegion
  private let frames: Range<Int>
  private let batch: Int
  private let halo: Int
  private let whole: Range<Int>
  private let frameBytes: Int
  private let scratch: UnsafeMutableRawBufferPointer?
  /// Seconds spent reading.
  private(set) var seconds = 0.0
  private(set) var error: (any Error)?
  private var badPixels = 0
  private var badFrames = 0
  private let ended = DispatchSemaphore(value: 0)

  let free: BoundedQueue<FrameBatch>
  let filled: BoundedQueue<FrameBatch>

  /// - Parameters:
  ///   - frames: frames to localize.
  ///   - halo: neighbours on either side that each frame needs.
  ///   - slots: batches under way at a time.
  init(
    _ movie: any Movie, frames: Range<Int>, region: PixelRegion, batch: Int, halo: Int, slots: Int
  ) {
    self.movie = movie
    self.region = region
    self.halo = halo
    self.frames = frames
    self.batch = batch
    whole = 0..<movie.info.frames
    frameBytes = region.width * region.height * movie.info.pixel.bytes
    let crops = region.width != movie.info.width || region.height != movie.info.height
    scratch =
      crops ? .allocate(byteCount: movie.info.frameBytes, alignment: 4096) : nil
    free = BoundedQueue(capacity: slots)
    filled = BoundedQueue(capacity: slots)
    let room = min(batch + 2 * halo, max(movie.info.frames, 1))
    for _ in 0..<slots { free.push(FrameBatch(capacity: room, frameBytes: frameBytes)) }
  }

  deinit { scratch?.deallocate() }

  func start() {
    Thread.detachNewThread { [self] in
      do { try fillAll() } catch { self.error = explained(error) }
      filled.close()
      ended.signal()
    }
  }

  /// Ends the thread, early or not, and waits until it has.
  func stop() {
    free.close()
    ended.wait()
  }

  /// How many pixels are not numbers, in words; nil where all are.
  var notNumbers: String? {
    badPixels == 0
      ? nil
      : "\(badPixels) pixels in \(badFrames) frames are not numbers; spots near them are not found"
  }

  /// A frame that cannot be read, with the way to take those before it.
  private func explained(_ error: any Error) -> any Error {
    guard var error = error as? MovieError, let frame = error.frame, error.hint == nil else {
      return error
    }
    error.hint = MovieError.hint(before: frame, from: frames.lowerBound)
    return error
  }

  private func fillAll() throws {
    for first in stride(from: frames.lowerBound, to: frames.upperBound, by: batch) {
      guard !Interrupt.requested, let batch = free.pop() else { return }
      let frames = first..<min(first + self.batch, self.frames.upperBound)
      let clock = SteadyClock.seconds
      let start = max(frames.lowerBound - halo, whole.lowerBound)
      let end = min(frames.upperBound + halo, whole.upperBound)
      batch.frames = frames
      batch.shape = BatchShape(
        leading: frames.lowerBound - start, frames: frames.count,
        trailing: end - frames.upperBound)
      try read(start..<end, into: batch.bytes)
      if movie.info.pixel == .float32 { lookForNaN(batch) }
      seconds += SteadyClock.seconds - clock
      filled.push(batch)
    }
  }

  /// Counts the pixels of a batch's own frames that are not numbers.
  private func lookForNaN(_ batch: FrameBatch) {
    let size = region.width * region.height
    let pixels = batch.bytes.bindMemory(to: Float.self)
    for frame in batch.shape.leading..<batch.shape.leading + batch.shape.frames {
      let own = UnsafeMutableBufferPointer(rebasing: pixels[frame * size..<(frame + 1) * size])
      // A sum is a number only if every term is; looking closer is for the few frames that fail.
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
