/// The arrays of newer files in which the chunks of a dataset are numbered (III.H and III.I of the format
/// specification 3.0 call them fixed and extensible array).
///
/// Each gives its elements in order: the address of a chunk, then, where chunks are filtered, its size and
/// the filters left out.
enum HDF5ChunkArray {
  static func fixed(_ storage: HDF5Storage, at address: Int) throws(FileFault) -> [ByteCursor?] {
    var head = try storage.structure("FAHD", at: address, 28, checked: true)
    try head.skip(2)
    let width = try head.length(1)
    let pageBits = try head.length(1)
    let count = try head.length(8)
    guard width >= 8, pageBits < 32, count <= storage.size / width else {
      throw FileFault("has an array of impossible sizes", byte: address)
    }
    guard let block = try head.address() else { return [] }
    let page = 1 << pageBits
    let prefix = 14
    var result = Elements(most: count)
    if count <= page {
      var cursor = try storage.structure(
        "FADB", at: block, prefix + count * width + 4, checked: true)
      try cursor.skip(10)
      try result.add(&cursor, count, width)
      return result.list
    }
    // Pages that were never written are marked in a map of bits.
    let pages = (count + page - 1) / page
    let map = (pages + 7) / 8
    var pageHead = try storage.structure("FADB", at: block, prefix + map + 4, checked: true)
    try pageHead.skip(10)
    let written = Array(try pageHead.take(map))
    var place = block + prefix + map + 4
    for number in 0..<pages {
      let length = min(page, count - number * page)
      if isSet(written, number) {
        try result.addPage(storage, place, length, width)
      } else {
        result.addMissing(length)
      }
      place += length * width + 4
    }
    return result.list
  }

  private static func isSet(_ map: [UInt8], _ number: Int) -> Bool {
    map[number / 8] & (0x80 >> UInt8(number % 8)) != 0
  }

  static func extensible(
    _ storage: HDF5Storage, at address: Int
  ) throws(FileFault) -> [ByteCursor?] {
    let shape = try ExtensibleArray(storage, at: address)
    guard let block = shape.indexBlock, shape.count > 0 else { return [] }
    var result = Elements(most: shape.count)
    var index = try storage.structure("EAIB", at: block, shape.indexBlockBytes, checked: true)
    try index.skip(10)
    try result.add(&index, shape.inIndexBlock, shape.width)
    // The first super blocks have no structure of their own: the index block points to their data.
    for level in 0..<shape.levels where result.left > 0 {
      let (blocks, length) = shape.dataBlocks(level)
      if level < shape.directLevels {
        for _ in 0..<blocks {
          try dataBlock(storage, shape, try index.address(), length, nil, into: &result)
        }
      } else if let address = try index.address() {
        try superBlock(storage, shape, address, blocks, length, into: &result)
      } else {
        result.addMissing(blocks * length)
      }
    }
    return result.list
  }

  /// Elements in order, up to the last that was written.
  private struct Elements {
    let most: Int
    var list: [ByteCursor?] = []
    var left: Int { most - list.count }

    init(most: Int) { self.most = most }

    mutating func add(_ cursor: inout ByteCursor, _ count: Int, _ width: Int) throws(FileFault) {
      for _ in 0..<min(count, left) { list.append(try cursor.part(width)) }
    }

    /// Elements that were never written.
    mutating func addMissing(_ count: Int) {
      list += repeatElement(nil, count: min(count, left))
    }

    /// A page of elements, whose checksum follows them.
    mutating func addPage(
      _ storage: HDF5Storage, _ address: Int, _ count: Int, _ width: Int
    ) throws(FileFault) {
      var cursor = try storage.cursor(at: address, count * width + 4)
      try storage.verify(cursor, upTo: count * width)
      try add(&cursor, count, width)
    }
  }

  /// The sizes that follow from an extensible array's header.
  private struct ExtensibleArray {
    /// Bytes of an element.
    let width: Int
    let inIndexBlock: Int
    /// Elements up to the last that was written.
    let count: Int
    let indexBlock: Int?
    /// Super blocks, and those among them that the index block resolves itself.
    let levels: Int
    let directLevels: Int
    let smallest: Int
    let page: Int
    let offsetBytes: Int

    init(_ storage: HDF5Storage, at address: Int) throws(FileFault) {
      var head = try storage.structure("EAHD", at: address, 72, checked: true)
      try head.skip(2)
      width = try head.length(1)
      let bits = try head.length(1)
      inIndexBlock = try head.length(1)
      smallest = try head.length(1)
      let pointers = try head.length(1)
      let pageBits = try head.length(1)
      try head.skip(4 * 8)
      count = try head.length(8)
      try head.skip(8)
      indexBlock = try head.address()
      page = 1 << min(pageBits, 32)
      let isPower = { (value: Int) in value > 0 && value & (value - 1) == 0 }
      guard width >= 8, isPower(smallest), isPower(pointers), pageBits < 32,
        smallest.trailingZeroBitCount..<60 ~= bits, smallest <= page, count <= storage.size / 8
      else { throw FileFault("has an array of impossible sizes", byte: address) }
      levels = 1 + bits - smallest.trailingZeroBitCount
      directLevels = min(levels, 2 * pointers.trailingZeroBitCount)
      offsetBytes = (bits + 7) / 8
    }

    /// The number of data blocks of a super block, and the elements in each.
    func dataBlocks(_ level: Int) -> (blocks: Int, length: Int) {
      (1 << (level / 2), smallest << ((level + 1) / 2))
    }

    var indexBlockBytes: Int {
      let direct = (0..<directLevels).reduce(0) { $0 + dataBlocks($1).blocks }
      return 14 + inIndexBlock * width + 8 * (direct + levels - directLevels) + 4
    }
  }

  private static func superBlock(
    _ storage: HDF5Storage, _ shape: ExtensibleArray, _ address: Int, _ blocks: Int, _ length: Int,
    into result: inout Elements
  ) throws(FileFault) {
    // Blocks of several pages have a map of those that were written.
    let pages = length > shape.page ? length / shape.page : 0
    let map = (pages + 7) / 8
    var cursor = try storage.structure(
      "EASB", at: address, 14 + shape.offsetBytes + blocks * (map + 8) + 4, checked: true)
    try cursor.skip(10 + shape.offsetBytes)
    var maps: [[UInt8]] = []
    for _ in 0..<blocks { maps.append(Array(try cursor.take(map))) }
    for map in maps where result.left > 0 {
      try dataBlock(
        storage, shape, try cursor.address(), length, pages > 0 ? map : nil, into: &result)
    }
  }

  /// - Parameter written: a bit for each page; nil where the block has none.
  private static func dataBlock(
    _ storage: HDF5Storage, _ shape: ExtensibleArray, _ address: Int?, _ length: Int,
    _ written: [UInt8]?, into result: inout Elements
  ) throws(FileFault) {
    guard let address else { return result.addMissing(length) }
    let prefix = 14 + shape.offsetBytes
    guard let written else {
      var cursor = try storage.structure(
        "EADB", at: address, prefix + length * shape.width + 4, checked: true)
      try cursor.skip(10 + shape.offsetBytes)
      return try result.add(&cursor, length, shape.width)
    }
    _ = try storage.structure("EADB", at: address, prefix + 4, checked: true)
    for page in 0..<length / shape.page where result.left > 0 {
      if isSet(written, page) {
        try result.addPage(
          storage, address + prefix + 4 + page * (shape.page * shape.width + 4), shape.page,
          shape.width)
      } else {
        result.addMissing(shape.page)
      }
    }
  }
}
