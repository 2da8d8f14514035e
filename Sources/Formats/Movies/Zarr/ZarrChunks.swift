import Containers
import Foundation
import Microscopy

/// The chunks of an array: one file for each, or several in the file of a shard.
final class ZarrChunks: ChunkSource {
  /// The open file of a shard with the places of its chunks: offset and size of each.
  private struct Shard: Sendable {
    let file: FileBytes
    let index: [UInt64]
  }

  private let folder: String
  private let array: ZarrArray
  private let grid: ChunkGrid
  private let seen = SeenFiles()
  private let shards = RecentValues<[Int], Shard?>(most: 1 << 26)

  init(_ folder: String, _ array: ZarrArray, _ grid: ChunkGrid) {
    self.folder = folder
    self.array = array
    self.grid = grid
  }

  var changes: [String] { seen.changes }

  func chunk(at place: [Int]) throws(MovieError) -> StoredChunk {
    guard let shards = array.shards else {
      guard let file = try open(place) else { return .unwritten }
      return try stored(file, at: 0, count: file.size)
    }
    let outer = zip(place, shards.counts).map { $0 / $1 }
    let chunks = shards.counts.reduce(1, *)
    // Besides its index, a shard costs an open file: at most 256 are kept.
    let shard = try self.shards.value(outer, cost: 16 * chunks + 1 << 18) {
      () throws(MovieError) in try read(shards, outer, chunks)
    }
    guard let shard else { return .unwritten }
    var number = 0
    for (axis, count) in shards.counts.enumerated() {
      number = number * count + place[axis] % count
    }
    let (offset, size) = (shard.index[2 * number], shard.index[2 * number + 1])
    if offset == .max, size == .max { return .unwritten }
    guard let offset = Int(exactly: offset), let size = Int(exactly: size),
      offset <= shard.file.size, size <= shard.file.size - offset
    else {
      throw MovieError(
        .inconsistent, "a chunk at byte \(offset) of \(size) bytes lies outside of its shard",
        file: shard.file.path)
    }
    return try stored(shard.file, at: offset, count: size)
  }

  /// The number of planes before the first that was never written, if all behind it were not
  /// either, as after an acquisition that ended early.
  func writtenPlanes() throws(MovieError) -> Int {
    func isWritten(_ plane: Int) throws(MovieError) -> Bool {
      switch try chunk(at: grid.place(ofPlane: plane).outer + [0, 0]) {
      case .unwritten: false
      default: true
      }
    }
    if try isWritten(grid.planes - 1) { return grid.planes }
    var (low, high) = (0, grid.planes - 1)
    while low < high {
      let middle = (low + high) / 2
      if try isWritten(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The file of a chunk or a shard; nil if there is none.
  private func open(_ place: [Int]) throws(MovieError) -> FileBytes? {
    let name = array.prefix + place.map(String.init).joined(separator: array.separator)
    do {
      return try seen.open(folder + "/" + name)
    } catch {
      if error.kind == .missing { return nil }
      throw error
    }
  }

  private func stored(
    _ file: FileBytes, at offset: Int, count: Int
  ) throws(MovieError) -> StoredChunk {
    let (codecs, size) = (array.codecs, grid.chunkBytes)
    if codecs.isEmpty {
      guard count == size else {
        throw MovieError(
          .readFailed, "a chunk of \(count) bytes in place of \(size)", file: file.path,
          byte: offset)
      }
      return .plain(file, at: offset)
    }
    return .packed { () throws(MovieError) in
      let damage = MovieError(
        .readFailed, "a damaged compressed chunk", file: file.path, byte: offset)
      // No compression makes data much longer.
      guard count <= size + size / 2 + 1 << 16 else { throw damage }
      guard size <= Allowance.largest(file: count) else {
        throw MovieError(
          .unsupported, "a chunk of \(count) bytes would be unpacked to \(size)", file: file.path,
          byte: offset, hint: "real images do not compress this well; store them in smaller chunks")
      }
      let bytes = try file.bytes(at: offset, count: count)
      guard let unpacked = ZarrCodec.unpack(bytes, codecs, size: size) else { throw damage }
      return unpacked
    }
  }

  private func read(
    _ shards: ZarrArray.Shards, _ place: [Int], _ chunks: Int
  ) throws(MovieError) -> Shard? {
    guard let file = try open(place) else { return nil }
    let size = 16 * chunks + (shards.indexHasChecksum ? 4 : 0)
    guard size <= file.size else {
      throw MovieError(
        .truncated, "a shard of \(file.size) bytes has no index of its \(chunks) chunks",
        file: file.path)
    }
    let start = shards.indexIsLast ? file.size - size : 0
    let bytes = try file.bytes(at: start, count: size)
    guard bytes.count == size, !shards.indexHasChecksum || CRC32C.isAtEnd(of: bytes) else {
      throw MovieError(
        .readFailed, "a damaged index of a shard: its checksum does not match", file: file.path,
        byte: start)
    }
    let reader = ByteReader(bytes: bytes, bigEndian: false)
    return Shard(
      file: file,
      index: (0..<2 * chunks).map { reader.integer(UInt64.self, at: 8 * $0) ?? .max })
  }
}
