import Microscopy

/// Uncompressed frames at known positions in one file: dax, raw, SPE and most TIFFs.
final class FlatMovie: Movie {
  let info: MovieInfo
  private let file: FileBytes
  private let storage: PixelStorage
  private let offsets: OffsetTable

  /// `info.frames` is the number of `offsets`.
  init(file: FileBytes, storage: PixelStorage, offsets: OffsetTable, info: MovieInfo) {
    self.file = file
    self.storage = storage
    self.offsets = offsets
    self.info = info
  }

  func changes() -> [String] { file.changes }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try info.check(frames, buffer)
    let pixels = info.width * info.height
    var frame = frames.lowerBound
    while frame < frames.upperBound {
      let offset = offsets[frame]
      var count = 1
      // Contiguous frames are read at once; widening in place requires one frame at a time.
      if storage.sample.bytes == info.pixel.bytes {
        while frame + count < frames.upperBound,
          offsets[frame + count] == offset + count * info.frameBytes
        { count += 1 }
      }
      let start = (frame - frames.lowerBound) * info.frameBytes
      do {
        try storage.read(
          count * pixels, at: offset, of: file,
          into: UnsafeMutableRawBufferPointer(
            rebasing: buffer[start..<(start + count * info.frameBytes)]))
      } catch {
        throw error.at(
          frame: frame + max(0, (error.byte ?? 0) - offset) / (pixels * storage.sample.bytes))
      }
      frame += count
    }
  }
}

extension MovieInfo {
  /// Throws if `frames` is not inside the movie.
  func check(_ frames: Range<Int>, _ buffer: UnsafeMutableRawBufferPointer) throws(MovieError) {
    guard frames.lowerBound >= 0, frames.upperBound <= self.frames else {
      throw MovieError(
        .range, "frames \(frames.lowerBound)..<\(frames.upperBound) of a movie of \(self.frames)",
        file: files.first ?? format)
    }
    precondition(buffer.count >= frames.count * frameBytes, "a buffer smaller than its frames")
  }

  /// Reads frames one by one, each into its part of `buffer`; errors state the frame number.
  func forEach(
    _ frames: Range<Int>, in buffer: UnsafeMutableRawBufferPointer,
    read: (Int, UnsafeMutableRawBufferPointer) throws(MovieError) -> Void
  ) throws(MovieError) {
    try check(frames, buffer)
    for frame in frames {
      let start = (frame - frames.lowerBound) * frameBytes
      let target = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<(start + frameBytes)])
      do throws(MovieError) { try read(frame, target) } catch { throw error.at(frame: frame) }
    }
  }
}

/// A frame size stated by a file, checked for overflow and plausibility.
struct FrameShape: Sendable {
  let width: Int
  let height: Int
  /// Bytes of a frame as stored, with what may follow it.
  var bytes: Int

  /// 2²⁸ pixels: four times the largest sensor sold for microscopy.
  static let mostPixels = 1 << 28

  init(width: Int, height: Int, sample: Sample, file: String) throws(MovieError) {
    guard width > 0, height > 0, width <= Self.mostPixels, height <= Self.mostPixels,
      width * height <= Self.mostPixels
    else {
      throw MovieError(
        .inconsistent, "a frame size of \(width) x \(height) pixels is not possible", file: file,
        hint: "frames may have 1 to \(Self.mostPixels) pixels")
    }
    self.width = width
    self.height = height
    self.bytes = width * height * sample.bytes
  }

  /// The complete frames after `offset`, at most `promised`, and the truncation if some are
  /// missing. If no number is promised, an incomplete frame at the end means that the file is
  /// truncated.
  func frames(
    promised: Int?, after offset: Int, of file: FileBytes
  ) throws(MovieError) -> (count: Int, truncation: Truncation?) {
    let (held, rest) = max(0, file.size - offset).quotientAndRemainder(dividingBy: bytes)
    guard let promised else {
      guard held > 0 else {
        throw MovieError(
          .truncated,
          "the file has \(file.size) bytes, less than one frame of \(width) x \(height)",
          file: file.path)
      }
      let tear = Truncation(
        "the file ends \(rest) bytes into a frame of \(bytes) bytes", file: file.path)
      return (held, rest == 0 ? nil : tear)
    }
    guard promised > 0 else {
      throw MovieError(.noFrames, "the movie has 0 frames", file: file.path)
    }
    guard held > 0 else {
      throw MovieError(
        .truncated,
        "the header states \(promised) frames, but the file ends within the first one",
        file: file.path, byte: file.size)
    }
    guard held < promised else { return (promised, nil) }
    return (
      held,
      Truncation(
        "the header states \(promised) frames of \(bytes) bytes, but the file ends \(rest) bytes "
          + "into frame \(held)", file: file.path)
    )
  }
}
