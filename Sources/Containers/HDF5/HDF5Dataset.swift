import Foundation

/// A dataset of numbers, records of numbers, or text, for reading.
///
/// Numbers are converted to Double or Float from any type. Throws `FileFault`.
package final class HDF5Dataset {
  package let name: String
  /// Empty for a scalar, and for a dataset without a value.
  package let shape: [Int]
  /// False if the dataset has a null dataspace ("no value").
  package let hasValue: Bool

  private let storage: HDF5Storage
  private let type: HDF5Datatype
  private let space: HDF5Dataspace
  private let layout: HDF5Layout
  private let filters: HDF5Filters
  /// The bytes of an element that was never written; empty for zeros.
  private let unwritten: [UInt8]
  private var index: HDF5ChunkIndex?
  /// The chunk that was decompressed last.
  private var unpacked: (place: Int, bytes: [UInt8])?

  init(_ storage: HDF5Storage, _ object: HDF5Object, name: String) throws(FileFault) {
    guard let typeMessage = object.first(HDF5Object.Kind.datatype),
      let spaceMessage = object.first(HDF5Object.Kind.dataspace),
      let layoutMessage = object.first(HDF5Object.Kind.layout)
    else { throw FileFault("has no dataset where `\(name)` should be", byte: object.address) }
    guard object.first(HDF5Object.Kind.externalFiles) == nil else {
      throw .refusal(
        "keeps `\(name)` in other files, which are not opened",
        hint: "copy it into one file, for example with h5repack")
    }
    self.storage = storage
    self.name = name
    var body = try storage.body(of: typeMessage)
    type = try HDF5Datatype(&body)
    body = try storage.body(of: spaceMessage)
    space = try HDF5Dataspace(&body)
    layout = try HDF5Layout(try storage.body(of: layoutMessage), name: name)
    let filterMessage = object.first(HDF5Object.Kind.filters)
    filters =
      if let filterMessage {
        try HDF5Filters(try storage.body(of: filterMessage), name: name)
      } else { HDF5Filters() }
    unwritten = try Self.fillValue(storage, object, bytes: type.size)
    shape = space.shape
    hasValue = space.hasValue
    let (_, overflow) = space.count.multipliedReportingOverflow(by: type.size)
    guard !overflow else { throw FileFault("has the impossible shape \(shape) in `\(name)`") }
  }

  /// The value of elements that were never written (IV.A.2.e and f); empty for zeros.
  private static func fillValue(
    _ storage: HDF5Storage, _ object: HDF5Object, bytes: Int
  ) throws(FileFault) -> [UInt8] {
    var size = 0
    var value: ByteCursor?
    if let message = object.first(HDF5Object.Kind.fillValue) {
      var body = try storage.body(of: message)
      let version = try body.byte()
      let flags = try body.byte()
      if version == 3 {
        size = flags & 0x20 != 0 ? try body.length(4) : 0
      } else {
        try body.skip(1)
        let isDefined = try body.byte() != 0
        size = version == 1 || isDefined ? try body.length(4) : 0
      }
      value = body
    } else if let message = object.first(HDF5Object.Kind.oldFillValue) {
      var body = try storage.body(of: message)
      size = try body.length(4)
      value = body
    }
    guard size == bytes, var value else { return [] }
    let fill = Array(try value.take(size))
    return fill.contains { $0 != 0 } ? fill : []
  }

  // MARK: Content

  /// All numbers, last index fastest.
  package func numbers() throws(FileFault) -> [Double] {
    let (element, bigEndian) = try number()
    try allow(bytesEach: 8)
    var values: [Double] = []
    values.reserveCapacity(space.count)
    try forEachSlab { raw in
      values += element.doubles(
        raw, from: 0, stride: element.width, count: raw.count / element.width,
        bigEndian: bigEndian)
    }
    return values
  }

  /// All numbers rounded to float32, last index fastest.
  package func floats() throws(FileFault) -> [Float] {
    let (element, bigEndian) = try number()
    try allow(bytesEach: 4)
    var values: [Float] = []
    values.reserveCapacity(space.count)
    try forEachSlab { values += element.floats($0, bigEndian: bigEndian) }
    return values
  }

  /// Counts all numbers, and the rows that are read and converted at a time.
  private func allow(bytesEach bytes: Int) throws(FileFault) {
    let slab = slabRows * rowElements * type.size
    let (all, isHuge) = space.count.multipliedReportingOverflow(by: bytes)
    let (sum, isOver) = all.addingReportingOverflow(slab)
    let (total, isAbove) = sum.addingReportingOverflow(slab)
    try storage.allow(isHuge || isOver || isAbove ? .max : total)
  }

  private func number() throws(FileFault) -> (StoredElement, bigEndian: Bool) {
    guard case .number(let element, let bigEndian) = type.kind else {
      throw FileFault("holds \(type.words) in `\(name)`, not numbers of a standard type")
    }
    return (element, bigEndian)
  }

  /// Whether its elements are numbers.
  package var isNumeric: Bool { if case .number = type.kind { true } else { false } }

  /// Whether it holds references to objects, as in MATLAB's cell arrays.
  package var isReference: Bool { if case .reference = type.kind { true } else { false } }

  /// The addresses in a dataset of object references; empty for other kinds.
  func references() throws(FileFault) -> [Int] {
    guard isReference else { return [] }
    try storage.allow(8 * space.count)
    var cursor = try ByteCursor(try bytes())
    var addresses: [Int] = []
    for _ in 0..<space.count {
      guard let address = try cursor.address(), address > 0 else {
        throw FileFault("has a null reference in `\(name)`")
      }
      addresses.append(address)
    }
    return addresses
  }

  /// All texts, of fixed or variable length; nil for other kinds.
  package func texts() throws(FileFault) -> [String]? {
    switch type.kind {
    case .text, .variableText: break
    default: return nil
    }
    try storage.allow(space.count * type.size)
    try storage.allow(space.count * 16)
    return try storage.texts(try ByteCursor(try bytes()), type, space.count)
  }

  /// The text of a dataset with one text; nil for other kinds.
  package func text() throws(FileFault) -> String? {
    guard space.count == 1 else { return nil }
    return try texts()?.first
  }

  /// A list of records, whose numeric fields can be read.
  ///
  /// Throws for other kinds of dataset, and if the records exceed what the file can hold.
  package func records() throws(FileFault) -> HDF5Records {
    guard case .record(let fields) = type.kind, shape.count == 1 else {
      throw FileFault("holds \(type.words) of shape \(shape) in `\(name)`, not a list of records")
    }
    let numeric = Self.numbers(in: fields)
    // A batch of records needs memory for its stored bytes and for its numbers.
    let (bytes, overflow) = space.count.multipliedReportingOverflow(
      by: max(type.size, 8 * numeric.count))
    try storage.allow(overflow ? .max : bytes)
    return HDF5Records(
      dataset: self, fields: numeric, count: hasValue ? shape[0] : 0, recordBytes: type.size)
  }

  /// Where its chunks are stored. A dataset in one piece is one chunk.
  ///
  /// Throws unless it holds numbers.
  package func storedChunks() throws(FileFault) -> HDF5StoredChunks {
    let (element, bigEndian) = try number()
    var (chunkShape, grid) = (shape, shape.map { _ in 1 })
    var found: [HDF5ChunkIndex.Entry] = []
    var edgesAreUnfiltered = false
    let whole = space.count * type.size
    switch layout {
    case .compact(let data):
      guard data.left >= whole else { throw tooShort(data.left) }
      found = [.init(place: 0, address: data.position - storage.position(of: 0), size: whole)]
    case .contiguous(let address?, let size):
      guard size ?? whole >= whole else { throw tooShort(size ?? 0) }
      guard whole <= storage.size, address <= storage.size - whole else {
        throw FileFault("ends within dataset `\(name)`", byte: address)
      }
      found = [.init(place: 0, address: address, size: whole)]
    case .contiguous: break
    case .chunked(let chunks):
      let index = try index(of: chunks)
      (chunkShape, grid, found) = (chunks.shape, index.grid, index.entries)
      edgesAreUnfiltered = chunks.edgesAreUnfiltered
    }
    return HDF5StoredChunks(
      shape: shape, chunkShape: chunkShape, element: element, bigEndian: bigEndian,
      unwritten: unwritten, origin: storage.position(of: 0), entries: found, grid: grid,
      filters: filters, edgesAreUnfiltered: edgesAreUnfiltered)
  }

  /// The fields that are numbers; one of an inner record is named "outer_inner".
  private static func numbers(
    in fields: [HDF5Datatype.Field], prefix: String = "", offset: Int = 0
  ) -> [HDF5Records.Field] {
    fields.flatMap { field -> [HDF5Records.Field] in
      let (name, place) = (prefix + field.name, offset + field.offset)
      switch field.type.kind {
      case .number(let element, let bigEndian):
        return [
          HDF5Records.Field(name: name, offset: place, element: element, bigEndian: bigEndian)
        ]
      case .record(let inner): return numbers(in: inner, prefix: name + "_", offset: place)
      default: return []
      }
    }
  }

  // MARK: Bytes

  var elementBytes: Int { type.size }

  /// Elements along the first axis; 1 for a scalar.
  private var rows: Int { hasValue ? shape.first ?? 1 : 0 }
  private var rowElements: Int { shape.dropFirst().reduce(1, *) }

  /// The stored bytes of the whole dataset.
  private func bytes() throws(FileFault) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: space.count * type.size)
    try bytes.withUnsafeMutableBufferPointer { buffer throws(FileFault) in
      try read(0..<rows, into: UnsafeMutableRawBufferPointer(buffer))
    }
    return bytes
  }

  /// Calls `body` with the stored bytes in pieces of some megabytes: whole rows and whole chunks.
  private func forEachSlab(_ body: (UnsafeRawBufferPointer) -> Void) throws(FileFault) {
    guard space.count > 0 else { return }
    let rowBytes = rowElements * type.size
    let step = slabRows
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: step * rowBytes, alignment: 16)
    defer { buffer.deallocate() }
    for first in stride(from: 0, to: rows, by: step) {
      let slab = first..<min(rows, first + step)
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(slab.count * rowBytes)])
      try read(slab, into: part)
      body(UnsafeRawBufferPointer(part))
    }
  }

  /// Rows that are read at a time: about 4 MB, in whole chunks.
  private var slabRows: Int {
    guard space.count > 0 else { return 0 }
    var step = max(1, (4 << 20) / (rowElements * type.size))
    if case .chunked(let chunks) = layout, let chunk = chunks.shape.first, chunk > 0 {
      step = max(1, step / chunk) * min(chunk, rows)
    }
    return min(step, rows)
  }

  /// Reads the stored bytes of rows along the first axis, last index fastest.
  func read(
    _ rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(FileFault) {
    let rowBytes = rowElements * type.size
    precondition(buffer.count == rows.count * rowBytes && rows.upperBound <= self.rows)
    guard !buffer.isEmpty else { return }
    let whole = space.count * type.size
    switch layout {
    case .compact(var data):
      guard data.left >= whole else { throw tooShort(data.left) }
      try data.skip(rows.lowerBound * rowBytes)
      buffer.copyBytes(from: try data.take(buffer.count))
    case .contiguous(let address, let size):
      guard let address else { return fill(buffer) }
      guard size ?? whole >= whole else { throw tooShort(size ?? 0) }
      guard whole <= storage.size, address <= storage.size - whole else {
        throw FileFault("ends within dataset `\(name)`", byte: address)
      }
      try storage.read(at: address + rows.lowerBound * rowBytes, into: buffer)
    case .chunked(let chunks): try read(rows, of: chunks, into: buffer)
    }
  }

  private func tooShort(_ stored: Int) -> FileFault {
    FileFault("stores `\(name)` of shape \(shape) in \(stored) bytes")
  }

  private func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    if unwritten.isEmpty {
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
    } else {
      for start in stride(from: 0, to: buffer.count, by: unwritten.count) {
        UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + unwritten.count])
          .copyBytes(from: unwritten)
      }
    }
  }

  // MARK: Chunks

  private func read(
    _ rows: Range<Int>, of chunks: HDF5Layout.Chunks, into buffer: UnsafeMutableRawBufferPointer
  ) throws(FileFault) {
    let index = try index(of: chunks)
    let perRow = index.grid.dropFirst().reduce(1, *)
    let length = chunks.shape[0]
    let used = rows.lowerBound / length..<(rows.upperBound - 1) / length + 1
    let entries = index.entries(used.lowerBound * perRow..<used.upperBound * perRow)
    if entries.count < used.count * perRow { fill(buffer) }
    for entry in entries {
      try copy(entry, chunks, index, rows, into: buffer)
    }
  }

  private func index(of chunks: HDF5Layout.Chunks) throws(FileFault) -> HDF5ChunkIndex {
    if let index { return index }
    guard chunks.elementBytes == type.size else {
      throw FileFault("has chunks in `\(name)` that do not match its type")
    }
    let made = try HDF5ChunkIndex(storage, chunks, space, name: name)
    index = made
    return made
  }

  /// Copies the intersection of a chunk and `rows`.
  private func copy(
    _ entry: HDF5ChunkIndex.Entry, _ chunks: HDF5Layout.Chunks, _ index: HDF5ChunkIndex,
    _ rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(FileFault) {
    // The intersection: its start in the dataset, and its length, along each axis.
    var (from, counts) = (shape, shape)
    var place = entry.place
    var isWhole = true
    for axis in shape.indices.reversed() {
      let first = place % index.grid[axis] * chunks.shape[axis]
      place /= index.grid[axis]
      isWhole = isWhole && chunks.shape[axis] <= shape[axis] - first
      let limits = axis == 0 ? rows : 0..<shape[axis]
      from[axis] = max(first, limits.lowerBound)
      counts[axis] = min(first + chunks.shape[axis], limits.upperBound) - from[axis]
    }
    let isPlain =
      filters.areNone(skipped: entry.skipped) || chunks.edgesAreUnfiltered && !isWhole
    // Trailing axes that the chunk covers completely form one run of bytes.
    var (rank, unit) = (shape.count, type.size)
    while rank > 1, chunks.shape[rank - 1] == shape[rank - 1] {
      unit *= shape[rank - 1]
      rank -= 1
    }
    let start = from[0] / chunks.shape[0] * chunks.shape[0]
    if isPlain, rank == 1 {
      guard entry.size == index.chunkBytes else { throw wrongSize(entry, index) }
      let target = (from[0] - rows.lowerBound) * unit
      return try storage.read(
        at: entry.address + (from[0] - start) * unit,
        into: UnsafeMutableRawBufferPointer(
          rebasing: buffer[target..<target + counts[0] * unit]))
    }
    let bytes = try content(of: entry, index, isPlain: isPlain)
    bytes.withUnsafeBytes { source in
      // Strides in bytes along each axis, in the chunk and in the buffer.
      var (inner, outer) = (
        [Int](repeating: unit, count: rank), [Int](repeating: unit, count: rank)
      )
      for axis in stride(from: rank - 2, through: 0, by: -1) {
        inner[axis] = inner[axis + 1] * chunks.shape[axis + 1]
        outer[axis] = outer[axis + 1] * shape[axis + 1]
      }
      var (offset, target) = (0, 0)
      for axis in 0..<rank {
        offset += from[axis] % chunks.shape[axis] * inner[axis]
        target += (from[axis] - (axis == 0 ? rows.lowerBound : 0)) * outer[axis]
      }
      Self.copyBlock(
        counts[..<rank], from: source.baseAddress! + offset, inner,
        to: buffer.baseAddress! + target, outer)
    }
  }

  /// Copies `counts` elements along each axis between two arrays with these strides in bytes; along
  /// the last axis both are contiguous.
  private static func copyBlock(
    _ counts: ArraySlice<Int>, from source: UnsafeRawPointer, _ inner: [Int],
    to target: UnsafeMutableRawPointer, _ outer: [Int]
  ) {
    let axis = counts.startIndex
    if counts.count == 1 {
      memcpy(target, source, counts[axis] * inner[axis])
      return
    }
    for i in 0..<counts[axis] {
      copyBlock(
        counts.dropFirst(), from: source + i * inner[axis], inner, to: target + i * outer[axis],
        outer)
    }
  }

  private func content(
    of entry: HDF5ChunkIndex.Entry, _ index: HDF5ChunkIndex, isPlain: Bool
  ) throws(FileFault) -> [UInt8] {
    if let unpacked, unpacked.place == entry.place { return unpacked.bytes }
    unpacked = nil
    let stored = try storage.bytes(at: entry.address, entry.size)
    let bytes =
      isPlain
      ? stored
      : try filters.undo(
        stored, skipped: entry.skipped, size: index.chunkBytes, at: entry.address)
    guard bytes.count == index.chunkBytes else { throw wrongSize(entry, index) }
    unpacked = (entry.place, bytes)
    return bytes
  }

  private func wrongSize(_ entry: HDF5ChunkIndex.Entry, _ index: HDF5ChunkIndex) -> FileFault {
    FileFault(
      "has a chunk of \(entry.size) bytes in `\(name)` in place of \(index.chunkBytes)",
      byte: entry.address)
  }
}

/// A list of records that is read in pieces.
package struct HDF5Records {
  struct Field {
    let name: String
    let offset: Int
    let element: StoredElement
    let bigEndian: Bool
  }

  fileprivate let dataset: HDF5Dataset
  fileprivate let fields: [Field]
  /// The number of records.
  package let count: Int
  fileprivate let recordBytes: Int

  /// The numeric fields, in the order of the records.
  package var names: [String] { fields.map(\.name) }

  /// The columns of `rows`, in the order of `names`.
  package func columns(_ rows: Range<Int>) throws(FileFault) -> [[Double]] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: rows.count * recordBytes, alignment: 16)
    defer { buffer.deallocate() }
    try dataset.read(rows, into: buffer)
    return fields.map { field in
      field.element.doubles(
        UnsafeRawBufferPointer(buffer), from: field.offset, stride: recordBytes, count: rows.count,
        bigEndian: field.bigEndian)
    }
  }
}
