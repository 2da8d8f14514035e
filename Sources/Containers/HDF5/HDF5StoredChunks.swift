/// Where the chunks of a dataset of numbers are stored, so that they can be read without its
/// `HDF5File` and from several threads at once.
package struct HDF5StoredChunks: Sendable {
  package struct Chunk: Sendable {
    /// Position in the file.
    package let offset: Int
    /// Bytes in the file.
    package let size: Int
    /// Whether it is stored without filters.
    package let isPlain: Bool
    fileprivate let skipped: UInt32
  }

  package let shape: [Int]
  package let chunkShape: [Int]
  package let element: StoredElement
  package let bigEndian: Bool
  /// The bytes of an element that was never written; empty for zeros.
  package let unwritten: [UInt8]

  let origin: Int
  let entries: [HDF5ChunkIndex.Entry]
  /// Chunks along each axis.
  let grid: [Int]
  let filters: HDF5Filters
  let edgesAreUnfiltered: Bool

  /// The number of stored chunks.
  package var count: Int { entries.count }

  /// The chunk at a position in the grid of chunks; nil if it was never written.
  package func chunk(at place: [Int]) -> Chunk? {
    precondition(place.count == grid.count)
    var number = 0
    var isWhole = true
    for axis in grid.indices {
      guard (0..<grid[axis]).contains(place[axis]) else { return nil }
      number = number * grid[axis] + place[axis]
      isWhole = isWhole && (place[axis] + 1) * chunkShape[axis] <= shape[axis]
    }
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].place < number { low = middle + 1 } else { high = middle }
    }
    guard low < entries.count, entries[low].place == number else { return nil }
    let entry = entries[low]
    return Chunk(
      offset: origin + entry.address, size: entry.size,
      isPlain: filters.areNone(skipped: entry.skipped) || edgesAreUnfiltered && !isWhole,
      skipped: entry.skipped)
  }

  /// The numbers of a chunk from its stored bytes, `size` bytes of them.
  package func unpack(
    _ stored: [UInt8], of chunk: Chunk, size: Int
  ) throws(FileFault) -> [UInt8] {
    chunk.isPlain
      ? stored : try filters.undo(stored, skipped: chunk.skipped, size: size, at: chunk.offset)
  }
}
