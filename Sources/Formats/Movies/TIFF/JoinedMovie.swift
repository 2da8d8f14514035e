import Microscopy

/// Several movies of equal size, joined one after the other or in a given frame order.
final class JoinedMovie: Movie {
  let info: MovieInfo
  private let parts: [any Movie]
  /// The first frame of each part, and the total number.
  private let starts: [Int]
  /// The index of each frame among all frames of the parts; nil keeps their order.
  private let order: [UInt32]?

  /// Throws if the parts differ in size or pixel type. `info` supplies everything except frames and
  /// files.
  ///
  /// - Parameters:
  ///   - order: the indices of all available frames, in movie order.
  ///   - truncation: what is missing after the last part, or after the end of `order`. Without an
  ///     order, parts after a truncated one are skipped.
  init(
    _ parts: [any Movie], order: [UInt32]? = nil, info: MovieInfo, truncation: Truncation? = nil
  ) throws(MovieError) {
    var (parts, truncation) = (parts, truncation)
    if order == nil, let torn = parts.firstIndex(where: { $0.info.truncation != nil }) {
      truncation = parts[torn].info.truncation
      parts.removeSubrange((torn + 1)...)
    }
    var starts = [0]
    for part in parts {
      guard part.info.width == info.width, part.info.height == info.height,
        part.info.pixel == info.pixel
      else {
        throw MovieError(
          .inconsistent,
          "frames of \(part.info.width) x \(part.info.height) (\(part.info.storage)) in a set of "
            + "\(info.width) x \(info.height) (\(info.storage))",
          file: part.info.files.first ?? "")
      }
      starts.append(starts.last! + part.info.frames)
    }
    self.parts = parts
    self.starts = starts
    self.order = order
    var info = info
    info.frames = order?.count ?? starts.last!
    info.files = parts.flatMap(\.info.files)
    let orders = Set(parts.map(\.info.byteOrder))
    info.byteOrder = orders.count == 1 ? orders.first! : nil
    info.truncation = truncation
    self.info = info
  }

  func changes() -> [String] { parts.flatMap { $0.changes() } }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try info.check(frames, buffer)
    var frame = frames.lowerBound
    while frame < frames.upperBound {
      let place = order.map { Int($0[frame]) } ?? frame
      let index = part(of: place)
      let count =
        order == nil ? min(frames.upperBound, starts[index + 1]) - frame : 1
      let start = (frame - frames.lowerBound) * info.frameBytes
      let local = place - starts[index]
      do {
        try parts[index].read(
          local..<(local + count),
          into: UnsafeMutableRawBufferPointer(
            rebasing: buffer[start..<(start + count * info.frameBytes)]))
      } catch let error as MovieError {
        throw error.at(frame: frame + max(0, (error.frame ?? local) - local))
      }
      frame += count
    }
  }

  private func part(of place: Int) -> Int {
    var low = 0
    var high = parts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= place { low = middle } else { high = middle }
    }
    return low
  }
}
