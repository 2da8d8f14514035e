/// An attribute: a name with numbers or texts (IV.A.2.m).
struct HDF5Attribute {
  let name: String
  private let type: HDF5Datatype
  private let count: Int
  private let data: ByteCursor

  /// nil if `isWanted` does not accept its name.
  init?(
    _ storage: HDF5Storage, _ message: ByteCursor, where isWanted: (String) -> Bool
  ) throws(FileFault) {
    var cursor = message
    let at = cursor.position
    let version = try cursor.byte()
    guard 1...3 ~= version else {
      throw FileFault("has an attribute of an unknown version", byte: at)
    }
    // Shared types and sizes are stored elsewhere.
    let flags = version == 1 ? 0 : try cursor.byte()
    if version == 1 { try cursor.skip(1) }
    let sizes = (try cursor.length(2), try cursor.length(2), try cursor.length(2))
    if version == 3 { try cursor.skip(1) }
    func part(_ size: Int) throws(FileFault) -> ByteCursor {
      let part = try cursor.part(size)
      // Version 1 pads each part to a multiple of eight bytes.
      if version == 1 { try cursor.skip(min(cursor.left, (8 - size % 8) % 8)) }
      return part
    }
    var nameBytes = try part(sizes.0)
    name = try nameBytes.zeroEnded()
    guard isWanted(name) else { return nil }
    var typeBytes = try part(sizes.1)
    if flags & 1 != 0 { typeBytes = try storage.shared(HDF5Object.Kind.datatype, typeBytes) }
    var spaceBytes = try part(sizes.2)
    if flags & 2 != 0 { spaceBytes = try storage.shared(HDF5Object.Kind.dataspace, spaceBytes) }
    type = try HDF5Datatype(&typeBytes)
    count = try HDF5Dataspace(&spaceBytes).count
    guard count <= cursor.left / type.size else {
      throw FileFault("has an attribute \(name) that is truncated", byte: cursor.position)
    }
    data = try cursor.part(count * type.size)
  }

  /// Its values; nil if it is not numeric.
  var numbers: [Double]? {
    guard case .number(let element, let bigEndian) = type.kind else { return nil }
    return data.bytes[data.offset..<data.end].withUnsafeBytes {
      element.doubles($0, from: 0, stride: element.width, count: count, bigEndian: bigEndian)
    }
  }

  /// Its texts; nil if it is not text.
  func texts(_ storage: HDF5Storage) throws(FileFault) -> [String]? {
    try storage.texts(data, type, count)
  }
}

extension HDF5Storage {
  /// `count` stored texts; nil if the type is not text.
  func texts(
    _ data: ByteCursor, _ type: HDF5Datatype, _ count: Int
  ) throws(FileFault) -> [String]? {
    switch type.kind {
    case .text, .variableText: break
    default: return nil
    }
    var data = data
    var heap = HDF5GlobalHeap(self)
    var texts: [String] = []
    for _ in 0..<count {
      if case .variableText = type.kind {
        texts.append(try heap.text(&data))
      } else {
        texts.append(
          String(decoding: try data.take(type.size).prefix { $0 != 0 }, as: UTF8.self))
      }
    }
    return texts
  }

  /// The attributes of an object with wanted names, from its header or, if there are many, from a
  /// fractal heap.
  func attributes(
    of object: HDF5Object, where isWanted: (String) -> Bool = { _ in true }
  ) throws(FileFault) -> [HDF5Attribute] {
    var attributes: [HDF5Attribute] = []
    func add(_ message: ByteCursor) throws(FileFault) {
      if let attribute = try HDF5Attribute(self, message, where: isWanted) {
        attributes.append(attribute)
      }
    }
    for message in object.messages {
      if message.kind == HDF5Object.Kind.attribute {
        try add(try body(of: message))
      } else if message.kind == HDF5Object.Kind.attributeInfo {
        var body = message.body
        try body.skip(1)
        try body.skip(try body.byte() & 1 != 0 ? 2 : 0)
        guard let heap = try body.address(), let tree = try body.address() else { continue }
        var objects = try HDF5FractalHeap(self, at: heap)
        try forEachRecord(ofTree: tree, kinds: [8]) { _, record throws(FileFault) in
          let message = try objects.object(try record.part(8))
          // Flag 2: the message is shared and the heap holds a reference to it.
          let isShared = try record.byte() & 2 != 0
          try add(isShared ? try self.shared(HDF5Object.Kind.attribute, message) : message)
        }
      }
    }
    return attributes
  }
}
