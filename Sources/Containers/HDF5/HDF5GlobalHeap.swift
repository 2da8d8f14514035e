/// The heap for texts of variable length (III.E).
struct HDF5GlobalHeap {
  private let storage: HDF5Storage
  /// The collection that was read last.
  private var collection: (address: Int, objects: [Int: Range<Int>], bytes: [UInt8])?

  init(_ storage: HDF5Storage) { self.storage = storage }

  /// The text of a descriptor: its length, the address of a collection, and an object number in it.
  mutating func text(_ descriptor: inout ByteCursor) throws(FileFault) -> String {
    let at = descriptor.position
    let length = try descriptor.length(4)
    let address = try descriptor.address()
    let number = try descriptor.length(4)
    guard length > 0, let address, address > 0 else { return "" }
    if collection?.address != address { try read(address) }
    guard let collection, let object = collection.objects[number], length <= object.count else {
      throw FileFault("has a text that is not in its heap", byte: at)
    }
    try storage.allow(length)
    let bytes = collection.bytes[object.lowerBound..<object.lowerBound + length]
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private mutating func read(_ address: Int) throws(FileFault) {
    var head = try storage.structure("GCOL", at: address, 16)
    try head.skip(4)
    var cursor = try storage.structure("GCOL", at: address, try head.length(8))
    try cursor.skip(12)
    var objects: [Int: Range<Int>] = [:]
    while cursor.left >= 16 {
      let number = try cursor.length(2)
      try cursor.skip(6)
      let size = try cursor.length(8)
      if number == 0 { break }
      objects[number] = try cursor.range(size)
      try cursor.skip(min(cursor.left, (8 - size % 8) % 8))
    }
    collection = (address, objects, cursor.bytes)
  }
}
