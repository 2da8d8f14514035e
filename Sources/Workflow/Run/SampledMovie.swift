import Microscopy

/// Single frames of a movie, spread evenly over it.
struct SampledMovie: Movie {
  private let base: any Movie
  /// The frames of the movie.
  let frames: [Int]

  /// Any first part of the frames is spread evenly too: they are in the order of van der Corput's
  /// sequence, 0, 1/2, 1/4, 3/4, 1/8, …
  ///
  /// - Parameter most: the largest number of frames.
  init(_ base: any Movie, most: Int) {
    self.base = base
    let count = base.info.frames
    var seen: Set<Int> = []
    var frames: [Int] = []
    var index: UInt64 = 0
    while frames.count < min(most, count), index < 1 << 40 {
      var (part, share) = (0.0, 0.5)
      for bit in 0..<40 {
        if index >> UInt64(bit) & 1 == 1 { part += share }
        share /= 2
      }
      let frame = min(Int(part * Double(count)), count - 1)
      if seen.insert(frame).inserted { frames.append(frame) }
      index += 1
    }
    self.frames = frames
  }

  var info: MovieInfo {
    var info = base.info
    info.frames = frames.count
    return info
  }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    for (place, index) in range.enumerated() {
      let bytes = place * info.frameBytes..<(place + 1) * info.frameBytes
      try base.read(
        frames[index]..<frames[index] + 1,
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[bytes])
      )
    }
  }

  func changes() -> [String] { base.changes() }
}
