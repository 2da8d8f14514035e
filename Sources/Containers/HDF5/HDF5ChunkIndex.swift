/// The locations of a dataset's chunks, in the order of their positions in the dataset.
struct HDF5ChunkIndex {
  struct Entry: Sendable {
    /// Position in the grid of chunks, last axis fastest.
    let place: Int
    let address: Int
    /// Bytes in the file.
    let size: Int
    /// Filters that were skipped for this chunk, one bit each.
    var skipped: UInt32 = 0
  }

  /// Chunks along each axis.
  let grid: [Int]
  /// Bytes of a chunk without filters.
  let chunkBytes: Int
  private(set) var entries: [Entry] = []
  private let storage: HDF5Storage
  private let chunks: HDF5Layout.Chunks
  private var storedBytes = 0

  init(
    _ storage: HDF5Storage, _ chunks: HDF5Layout.Chunks, _ space: HDF5Dataspace, name: String
  ) throws(FileFault) {
    self.storage = storage
    self.chunks = chunks
    guard chunks.shape.count == space.shape.count, !chunks.shape.isEmpty,
      chunks.shape.allSatisfy({ $0 > 0 }),
      let chunkBytes = elementCount(chunks.shape + [chunks.elementBytes]),
      chunkBytes > 0, chunkBytes <= Allowance.largest(file: storage.size)
    else { throw FileFault("has chunks of the impossible shape \(chunks.shape) in `\(name)`") }
    self.chunkBytes = chunkBytes
    grid = zip(space.shape, chunks.shape).map { Self.parts($0, of: $1) }
    guard let address = chunks.address, elementCount(grid) ?? 0 > 0 else { return }
    switch chunks.index {
    case .tree1: try readTree1(address)
    case .single(let size, let skipped):
      try add(grid.map { _ in 0 }, address, size ?? chunkBytes, skipped)
    case .implicit, .fixedArray, .extensibleArray:
      try readNumbered(address, space)
    case .tree2: try readTree2(address)
    }
    entries.sort { $0.place < $1.place }
  }

  /// The chunks at these positions of the grid.
  func entries(_ places: Range<Int>) -> ArraySlice<Entry> {
    func first(_ place: Int) -> Int {
      var (low, high) = (0, entries.count)
      while low < high {
        let middle = (low + high) / 2
        if entries[middle].place < place { low = middle + 1 } else { high = middle }
      }
      return low
    }
    return entries[first(places.lowerBound)..<first(places.upperBound)]
  }

  private static func parts(_ length: Int, of part: Int) -> Int {
    length / part + (length % part > 0 ? 1 : 0)
  }

  /// Adds a chunk by its position on each axis; one outside the dataset, which may have shrunk, is
  /// ignored.
  private mutating func add(
    _ place: [Int], _ address: Int, _ size: Int, _ skipped: UInt32
  ) throws(FileFault) {
    var index = 0
    for (axis, coordinate) in place.enumerated() {
      guard coordinate < grid[axis] else { return }
      index = index * grid[axis] + coordinate
    }
    // Chunks do not overlap, so together they cannot have more bytes than the file.
    guard size <= storage.size - storedBytes, address <= storage.size - size else {
      throw FileFault("has chunks that are cut off or overlap", byte: address)
    }
    storedBytes += size
    entries.append(Entry(place: index, address: address, size: size, skipped: skipped))
  }

  // MARK: B-trees

  /// III.A.1, node type 1.
  private mutating func readTree1(_ root: Int) throws(FileFault) {
    let rank = grid.count
    let keyBytes = 8 + 8 * (rank + 1)
    var visited: Set<Int> = []
    var nodes = [root]
    while let node = nodes.popLast() {
      guard visited.insert(node).inserted else {
        throw FileFault("has a tree of chunks with a cycle", byte: node)
      }
      var head = try storage.structure("TREE", at: node, 24)
      guard try head.byte() == 1 else {
        throw FileFault("has a group where a tree of chunks should be", byte: node)
      }
      let isLeaf = try head.byte() == 0
      let count = try head.length(2)
      var entries = try storage.cursor(at: node + 24, count * (keyBytes + 8))
      for _ in 0..<count {
        let size = try entries.length(4)
        let skipped = UInt32(try entries.unsigned(4))
        var place: [Int] = []
        for axis in 0..<rank {
          let offset = try entries.length(8)
          guard !isLeaf || offset % chunks.shape[axis] == 0 else {
            throw FileFault("has a chunk between two chunks", byte: entries.position)
          }
          place.append(offset / chunks.shape[axis])
        }
        try entries.skip(8)
        guard let child = try entries.address() else { continue }
        if isLeaf { try add(place, child, size, skipped) } else { nodes.append(child) }
      }
    }
  }

  /// Record types 10 (without filters) and 11.
  private mutating func readTree2(_ address: Int) throws(FileFault) {
    let rank = grid.count
    var found: [(place: [Int], address: Int, size: Int, skipped: UInt32)] = []
    let whole = chunkBytes
    try storage.forEachRecord(ofTree: address, kinds: [10, 11]) { kind, record throws(FileFault) in
      guard let address = try record.address() else { return }
      let (size, skipped) = kind == 11 ? try record.filtered(behind: 8 * rank) : (whole, 0)
      var place: [Int] = []
      for _ in 0..<rank { place.append(try record.length(8)) }
      found.append((place, address, size, skipped))
    }
    for chunk in found { try add(chunk.place, chunk.address, chunk.size, chunk.skipped) }
  }

  // MARK: Numbered chunks

  /// The order of numbered chunks (VII). Numbers follow the grid of the largest shape; an axis
  /// without a limit counts as the slowest.
  private struct Numbering {
    /// Axes from the slowest to the fastest.
    var axes: [Int]
    /// Difference of chunk numbers for a step along each of `axes`.
    var steps: [Int]
    /// The number of chunks; nil without a limit.
    var count: Int?

    func place(_ number: Int) -> [Int] {
      var place = [Int](repeating: 0, count: axes.count)
      var rest = number
      for (axis, step) in zip(axes, steps) {
        place[axis] = rest / step
        rest %= step
      }
      return place
    }
  }

  private func numbering(_ space: HDF5Dataspace) throws(FileFault) -> Numbering {
    let unlimited = space.largest.indices.filter { space.largest[$0] == nil }
    let axes = unlimited + space.largest.indices.filter { space.largest[$0] != nil }
    var steps = [Int](repeating: 1, count: axes.count)
    let lengths = axes.map { axis in
      space.largest[axis].map { Self.parts($0, of: chunks.shape[axis]) }
    }
    let limited = lengths.compactMap { $0 }
    guard unlimited.count <= 1, let count = elementCount(limited),
      limited.allSatisfy({ $0 > 0 })
    else { throw FileFault("has more chunks than are possible") }
    for index in axes.indices.dropLast().reversed() {
      steps[index] = steps[index + 1] * (lengths[index + 1] ?? 1)
    }
    return Numbering(axes: axes, steps: steps, count: unlimited.isEmpty ? count : nil)
  }

  private mutating func readNumbered(
    _ address: Int, _ space: HDF5Dataspace
  ) throws(FileFault) {
    let numbering = try numbering(space)
    if case .implicit = chunks.index {
      guard let count = numbering.count, count <= storage.size / chunkBytes,
        address <= storage.size - count * chunkBytes
      else {
        throw FileFault("has chunks that are truncated", byte: address)
      }
      for number in 0..<count {
        try add(numbering.place(number), address + number * chunkBytes, chunkBytes, 0)
      }
      return
    }
    var isFixed = false
    if case .fixedArray = chunks.index { isFixed = true }
    let whole = chunkBytes
    var found: [(number: Int, address: Int, size: Int, skipped: UInt32)] = []
    try HDF5ChunkArray.forEachElement(
      storage, at: address, isFixed: isFixed
    ) { number, element throws(FileFault) in
      guard let address = try element.address(), number < numbering.count ?? .max else { return }
      let (size, skipped) = element.left > 0 ? try element.filtered(behind: 0) : (whole, 0)
      found.append((number, address, size, skipped))
    }
    for chunk in found {
      try add(numbering.place(chunk.number), chunk.address, chunk.size, chunk.skipped)
    }
  }
}

extension ByteCursor {
  /// The size of a filtered chunk and its skipped filters, which are followed by so many bytes.
  fileprivate mutating func filtered(
    behind rest: Int
  ) throws(FileFault) -> (size: Int, skipped: UInt32) {
    let width = left - 4 - rest
    guard 1...8 ~= width else { throw FileFault("has chunks without a size", byte: position) }
    return (try length(width), UInt32(try unsigned(4)))
  }
}
