/// The fixed and extensible arrays of newer files, which index a dataset's chunks by number (VII.B
/// and VII.C).
///
/// An element is the address of a chunk and, if chunks are filtered, its size and the skipped
/// filters.
struct HDF5ChunkArray {
  private let storage: HDF5Storage
  /// Called with the number of a chunk and its element.
  private let body: (Int, inout ByteCursor) throws(FileFault) -> Void
  /// Bytes of an element.
  private var width = 0
  /// Elements per page; a page is followed by its checksum.
  private var page = 0
  /// The number of the next element, and of all elements.
  private var next = 0
  private var count = 0

  private var left: Int { count - next }

  static func forEachElement(
    _ storage: HDF5Storage, at address: Int, isFixed: Bool,
    _ body: (Int, inout ByteCursor) throws(FileFault) -> Void
  ) throws(FileFault) {
    try withoutActuallyEscaping(body) { body throws(FileFault) in
      var array = HDF5ChunkArray(storage: storage, body: body)
      if isFixed { try array.readFixed(address) } else { try array.readExtensible(address) }
    }
  }

  private init(
    storage: HDF5Storage, body: @escaping (Int, inout ByteCursor) throws(FileFault) -> Void
  ) {
    self.storage = storage
    self.body = body
  }

  /// Calls `body` for the next elements; the cursor is at the first.
  private mutating func read(_ cursor: inout ByteCursor, _ elements: Int) throws(FileFault) {
    for _ in 0..<min(elements, left) {
      var element = try cursor.part(width)
      try body(next, &element)
      next += 1
    }
  }

  /// Skips elements that were never written.
  private mutating func skip(_ elements: Int) { next += min(elements, left) }

  /// Pages of elements from an address on, as far as a bitmap says that they were written; the
  /// first page's bit is number `first` of the bitmap.
  private mutating func readPages(
    _ address: Int, _ elements: Int, written map: [UInt8], from first: Int
  ) throws(FileFault) {
    var (place, bit, rest) = (address, first, elements)
    while rest > 0, left > 0 {
      let length = min(page, rest)
      if map[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0 {
        var cursor = try storage.cursor(at: place, length * width + 4)
        try storage.verify(cursor, upTo: length * width)
        try read(&cursor, length)
      } else {
        skip(length)
      }
      place &+= length * width + 4
      bit += 1
      rest -= length
    }
  }

  private static func isPower(_ value: Int) -> Bool { value > 0 && value & (value - 1) == 0 }

  // MARK: Fixed

  private mutating func readFixed(_ address: Int) throws(FileFault) {
    var head = try storage.structure("FAHD", at: address, 28, checked: true)
    try head.skip(2)
    width = try head.length(1)
    let pageBits = try head.length(1)
    count = try head.length(8)
    guard width >= 8, pageBits < 32, count <= storage.size / width else {
      throw FileFault("has an array of impossible sizes", byte: address)
    }
    guard let block = try head.address() else { return }
    page = 1 << pageBits
    let prefix = 14
    if count <= page {
      var cursor = try storage.structure(
        "FADB", at: block, prefix + count * width + 4, checked: true)
      try cursor.skip(10)
      return try read(&cursor, count)
    }
    let map = ((count + page - 1) / page + 7) / 8
    var cursor = try storage.structure("FADB", at: block, prefix + map + 4, checked: true)
    try cursor.skip(10)
    try readPages(
      block + prefix + map + 4, count, written: Array(try cursor.take(map)), from: 0)
  }

  // MARK: Extensible

  private mutating func readExtensible(_ address: Int) throws(FileFault) {
    var head = try storage.structure("EAHD", at: address, 72, checked: true)
    try head.skip(2)
    width = try head.length(1)
    let bits = try head.length(1)
    let inIndexBlock = try head.length(1)
    let smallest = try head.length(1)
    let pointers = try head.length(1)
    let pageBits = try head.length(1)
    try head.skip(4 * 8)
    count = try head.length(8)
    try head.skip(8)
    guard width >= 8, pageBits < 32, Self.isPower(smallest), Self.isPower(pointers),
      smallest <= 1 << pageBits, smallest.trailingZeroBitCount..<60 ~= bits
    else { throw FileFault("has an array of impossible sizes", byte: address) }
    guard let block = try head.address(), count > 0 else { return }
    page = 1 << pageBits
    let offsetBytes = (bits + 7) / 8
    // Super block k has 2^(k/2) data blocks. The first super blocks are not stored: the index block
    // points directly to their data.
    let levels = 1 + bits - smallest.trailingZeroBitCount
    let directLevels = min(levels, 2 * pointers.trailingZeroBitCount)
    let direct = (0..<directLevels).reduce(0) { $0 + 1 << ($1 / 2) }
    var index = try storage.structure(
      "EAIB", at: block, 14 + inIndexBlock * width + 8 * (direct + levels - directLevels) + 4,
      checked: true)
    try index.skip(10)
    var elements = try index.part(inIndexBlock * width)
    try read(&elements, inIndexBlock)
    for level in 0..<levels where left > 0 {
      let (blocks, length) = (1 << (level / 2), smallest << ((level + 1) / 2))
      if level < directLevels {
        for _ in 0..<blocks {
          try readDataBlock(try index.address(), length, offsetBytes)
        }
      } else if let address = try index.address() {
        try readSuperBlock(address, blocks, length, offsetBytes)
      } else {
        skip(blocks * length)
      }
    }
  }

  private mutating func readSuperBlock(
    _ address: Int, _ blocks: Int, _ length: Int, _ offsetBytes: Int
  ) throws(FileFault) {
    // Blocks of several pages have a bitmap of those that were written.
    let pages = length > page ? length / page : 0
    let map = blocks * ((pages + 7) / 8)
    var cursor = try storage.structure(
      "EASB", at: address, 14 + offsetBytes + map + 8 * blocks + 4, checked: true)
    try cursor.skip(10 + offsetBytes)
    let written = Array(try cursor.take(map))
    for block in 0..<blocks where left > 0 {
      let address = try cursor.address()
      if pages == 0 {
        try readDataBlock(address, length, offsetBytes)
      } else if let address {
        _ = try storage.structure("EADB", at: address, 14 + offsetBytes + 4, checked: true)
        try readPages(
          address + 14 + offsetBytes + 4, length, written: written, from: block * pages)
      } else {
        skip(length)
      }
    }
  }

  /// A data block of one page.
  private mutating func readDataBlock(
    _ address: Int?, _ length: Int, _ offsetBytes: Int
  ) throws(FileFault) {
    guard let address else { return skip(length) }
    var cursor = try storage.structure(
      "EADB", at: address, 14 + offsetBytes + length * width + 4, checked: true)
    try cursor.skip(10 + offsetBytes)
    try read(&cursor, length)
  }
}
