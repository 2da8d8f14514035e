import Foundation
import Microscopy
import Reporting

/// Where chunks come from. Called from several threads.
protocol ChunkSource: Sendable {
  /// The chunk at these coordinates in the grid of chunks.
  func chunk(at place: [Int]) throws(MovieError) -> StoredChunk
  /// What happened to the files since they were opened.
  var changes: [String] { get }
}

/// How a chunk is stored.
enum StoredChunk: Sendable {
  /// It was never written: all pixels have the fill value.
  case unwritten
  /// Its pixels as they are, from a position of a file on.
  case plain(FileBytes, at: Int)
  /// Compressed; the function reads and unpacks it.
  case packed(@Sendable () throws(MovieError) -> [UInt8])
}

/// A movie in a grid of chunks: OME-Zarr and Imaris.
///
/// Compressed chunks that hold several planes are kept for the next frames, up to `mostKept` bytes.
final class ChunkedMovie: Movie {
  let info: MovieInfo
  private let grid: ChunkGrid
  private let storage: PixelStorage
  /// The stored bytes of a pixel that was never written; empty for 0.
  private let fill: [UInt8]
  private let source: any ChunkSource
  private let unpacked: RecentValues<[Int], [UInt8]>

  private static let mostKept = 1 << 28

  init(
    _ grid: ChunkGrid, storage: PixelStorage, fill: [UInt8], source: any ChunkSource,
    info: MovieInfo
  ) {
    self.grid = grid
    self.storage = storage
    self.fill = fill.contains { $0 != 0 } ? fill : []
    self.source = source
    self.info = info
    unpacked = RecentValues(most: Self.mostKept)
  }

  func changes() -> [String] { source.changes }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try info.check(frames, buffer)
    // float64 is wider than what is delivered, so it is read elsewhere, one frame at a time.
    let isWide = storage.sample.bytes > info.pixel.bytes
    let wide =
      isWide
      ? UnsafeMutableRawBufferPointer.allocate(
        byteCount: grid.frame.bytes, alignment: 16) : nil
    defer { wide?.deallocate() }
    var frame = frames.lowerBound
    while frame < frames.upperBound {
      let (outer, inside) = grid.place(ofPlane: frame)
      var count = 1
      while !isWide, frame + count < frames.upperBound,
        grid.place(ofPlane: frame + count) == (outer, inside + count)
      { count += 1 }
      let start = (frame - frames.lowerBound) * info.frameBytes
      let target = UnsafeMutableRawBufferPointer(
        rebasing: buffer[start..<start + count * info.frameBytes])
      do throws(MovieError) {
        try read(outer, inside..<inside + count, into: wide ?? target)
      } catch {
        throw error.at(frame: frame)
      }
      if let wide { storage.narrow(UnsafeRawBufferPointer(wide), into: target, from: 0) }
      frame += count
    }
  }

  /// Reads planes of one chunk of planes, and converts them unless they are wider than delivered
  /// ones.
  private func read(
    _ outer: [Int], _ planes: Range<Int>, into target: UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    // The tiles are written at the same time, each to its own pixels.
    nonisolated(unsafe) let target = target
    let pixels = info.width * info.height
    let step = max(info.frameBytes, grid.frame.bytes)
    /// The part of the target that receives the stored bytes of a plane.
    @Sendable func stored(_ plane: Int) -> UnsafeMutableRawBufferPointer {
      let end = (plane - planes.lowerBound + 1) * step
      return UnsafeMutableRawBufferPointer(rebasing: target[end - grid.frame.bytes..<end])
    }
    // A processor core copies the rows of a tile more slowly than memory delivers them.
    let failure = Guarded<MovieError?>(nil)
    Threads.share(grid.rows * grid.columns) { tile in
      let (row, column) = tile.quotientAndRemainder(dividingBy: grid.columns)
      do throws(MovieError) {
        try read(outer + [row, column], planes, row, column, into: stored)
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    guard step == info.frameBytes else { return }
    for plane in planes {
      let end = (plane - planes.lowerBound + 1) * step
      storage.deliver(
        pixels, in: UnsafeMutableRawBufferPointer(rebasing: target[end - step..<end]),
        swapped: storage.bigEndian != PixelStorage.hostIsBigEndian)
    }
  }

  private func read(
    _ place: [Int], _ planes: Range<Int>, _ row: Int, _ column: Int,
    into stored: (Int) -> UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    let pixel = storage.sample.bytes
    let (top, left) = (row * grid.chunkHeight, column * grid.chunkWidth)
    let height = min(grid.chunkHeight, info.height - top)
    let width = min(grid.chunkWidth, info.width - left) * pixel
    let (chunkRow, frameRow) = (grid.chunkWidth * pixel, info.width * pixel)
    let planeBytes = grid.chunkHeight * chunkRow
    /// Copies the rows of a plane that lie in this chunk.
    func copy(_ source: UnsafeRawPointer, _ plane: Int) {
      let target = stored(plane).baseAddress! + top * frameRow + left * pixel
      for line in 0..<height {
        memcpy(target + line * frameRow, source + line * chunkRow, width)
      }
    }
    switch try source.chunk(at: place) {
    case .unwritten:
      for plane in planes { put(into: stored(plane), top..<top + height, left * pixel, width) }
    case .plain(let file, let offset):
      if chunkRow == frameRow {
        for plane in planes {
          try file.read(
            at: offset + plane * planeBytes,
            into: UnsafeMutableRawBufferPointer(
              start: stored(plane).baseAddress! + top * frameRow, count: height * width))
        }
        return
      }
      for plane in planes {
        let target = stored(plane).baseAddress! + top * frameRow + left * pixel
        try file.read(
          at: offset + plane * planeBytes, rows: height, of: width, apart: chunkRow, into: target,
          stride: frameRow)
      }
    case .packed(let unpack):
      let bytes =
        grid.depth > 1
        ? try unpacked.value(place, cost: grid.chunkBytes, make: unpack) : try unpack()
      guard bytes.count == grid.chunkBytes else {
        throw MovieError(
          .readFailed, "a chunk of \(bytes.count) bytes in place of \(grid.chunkBytes)",
          file: info.files.first ?? info.format)
      }
      bytes.withUnsafeBytes { raw in
        for plane in planes { copy(raw.baseAddress! + plane * planeBytes, plane) }
      }
    }
  }

  /// Sets rows of a plane, `width` bytes from `left` on, to the fill value.
  private func put(
    into plane: UnsafeMutableRawBufferPointer, _ rows: Range<Int>, _ left: Int, _ width: Int
  ) {
    for row in rows {
      let start = row * info.width * storage.sample.bytes + left
      let line = UnsafeMutableRawBufferPointer(rebasing: plane[start..<start + width])
      if fill.isEmpty {
        line.initializeMemory(as: UInt8.self, repeating: 0)
      } else {
        for byte in 0..<width { line[byte] = fill[byte % fill.count] }
      }
    }
  }
}
