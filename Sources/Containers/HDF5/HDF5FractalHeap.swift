/// A heap of links or attributes of a large group or object (III.G).
struct HDF5FractalHeap {
  private let storage: HDF5Storage
  private let offsetWidth: Int
  private let lengthWidth: Int
  private let largeObjects: Int?
  private let width: Int
  private let firstSize: Int
  private let directRows: Int
  private let rootRows: Int
  private let root: Int?
  /// Blocks that were read so far, by address.
  private var blocks: [Int: ByteCursor] = [:]

  init(_ storage: HDF5Storage, at address: Int) throws(FileFault) {
    self.storage = storage
    var head = try storage.structure("FRHP", at: address, 146)
    try head.skip(1 + 2)
    guard try head.length(2) == 0 else {
      throw .refusal(
        "compresses the names of its groups or attributes",
        hint: "rewrite it without this compression, for example with h5repack")
    }
    try storage.verify(head, upTo: 142)
    try head.skip(1)
    let largestManaged = try head.length(4)
    try head.skip(8)
    largeObjects = try head.address()
    try head.skip(8 + 8 + 8 + 8 + 8 + 8 + 8 + 8 + 8 + 8)
    width = try head.length(2)
    firstSize = try head.length(8)
    let largestDirect = try head.length(8)
    let bits = try head.length(2)
    try head.skip(2)
    root = try head.address()
    rootRows = try head.length(2)
    let isPower = { (value: Int) in value > 0 && value & (value - 1) == 0 }
    guard isPower(firstSize), isPower(largestDirect), isPower(width), firstSize <= largestDirect,
      1...63 ~= bits, largestDirect.trailingZeroBitCount < bits, rootRows <= 64,
      firstSize.trailingZeroBitCount + width.trailingZeroBitCount < 62
    else { throw FileFault("has a heap of impossible sizes", byte: address) }
    directRows = largestDirect.trailingZeroBitCount - firstSize.trailingZeroBitCount + 2
    offsetWidth = (bits + 7) / 8
    lengthWidth = min(
      (largestDirect.trailingZeroBitCount + 7) / 8, HDF5Datatype.bytes(toHold: largestManaged))
  }

  /// The object with an identifier.
  mutating func object(_ id: ByteCursor) throws(FileFault) -> ByteCursor {
    var id = id
    let at = id.position
    let flags = try id.byte()
    switch flags >> 4 & 3 {
    case 0:
      let offset = try id.length(offsetWidth)
      return try managed(offset, try id.length(lengthWidth), at)
    case 1: return try large(try id.unsigned(id.left), at)
    case 2: return try id.part(Int(flags & 15) + 1)
    default: throw FileFault("has an object in an unknown part of a heap", byte: at)
    }
  }

  /// An object in the blocks of the heap, whose sizes double from row to row.
  private mutating func managed(
    _ offset: Int, _ length: Int, _ at: Int
  ) throws(FileFault) -> ByteCursor {
    let outside = FileFault("has an object outside of its heap", byte: at)
    guard var address = root else { throw outside }
    var (offset, rows, size) = (offset, rootRows, firstSize)
    // Every indirect block contains smaller ones, so there are no more levels than rows.
    for _ in 0..<64 where rows > 0 {
      var row = 0
      size = firstSize
      while row < rows, offset >= width * size {
        offset -= width * size
        if row > 0 { size *= 2 }
        row += 1
        guard row < 63 - firstSize.trailingZeroBitCount - width.trailingZeroBitCount else {
          throw outside
        }
      }
      guard row < rows else { throw outside }
      let child = try indirect(address, rows: rows, entry: row * width + offset / size)
      guard let child else { throw outside }
      (address, offset) = (child, offset % size)
      // A child in the later rows is itself an indirect block, with the size of its row.
      rows =
        row < directRows
        ? 0
        : size.trailingZeroBitCount - firstSize.trailingZeroBitCount
          - width.trailingZeroBitCount + 1
    }
    guard offset < size, length <= size - offset else { throw outside }
    try storage.count(length)
    if blocks[address] == nil {
      blocks[address] = try storage.structure("FHDB", at: address, size)
    }
    var block = try ByteCursor(blocks[address]!.bytes, from: offset, origin: address)
    return try block.part(length)
  }

  /// The address in an entry of an indirect block.
  private mutating func indirect(
    _ address: Int, rows: Int, entry: Int
  ) throws(FileFault) -> Int? {
    let prefix = 13 + offsetWidth
    if blocks[address] == nil {
      blocks[address] = try storage.structure(
        "FHIB", at: address, prefix + 8 * rows * width + 4, checked: true)
    }
    var entries = try ByteCursor(blocks[address]!.bytes, from: prefix, origin: address)
    try entries.skip(8 * entry)
    return try entries.address()
  }

  /// An object too large for the blocks, by its number.
  private func large(_ number: UInt64, _ at: Int) throws(FileFault) -> ByteCursor {
    var place: (address: Int, length: Int)?
    if let largeObjects {
      try storage.forEachRecord(ofTree: largeObjects, kinds: [1]) { _, record throws(FileFault) in
        let address = try record.address()
        let length = try record.length(8)
        if try record.unsigned(8) == number, let address { place = (address, length) }
      }
    }
    guard let place else { throw FileFault("has no object of that number in its heap", byte: at) }
    return try storage.cursor(at: place.address, place.length)
  }
}
