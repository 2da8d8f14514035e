/// The datasets of an HDF5 file of the kind that Keras writes: superblock 0 or 1, old-style groups,
/// contiguous or compact plain numbers.
///
/// Own code because the HDF5 library crashes on damaged files (one in some thousand random byte
/// changes), and weights come from strangers. Source: HDF5 File Format Specification, version 1.1.
struct HDF5File {
  struct Dataset {
    let shape: [Int]
    let element: StoredElement
    let bigEndian: Bool
    let data: Range<Int>
    var count: Int { data.count / element.width }
  }

  private let bytes: [UInt8]
  private var limit = 100_000
  /// By path, without a leading slash.
  private(set) var datasets: [String: Dataset] = [:]

  static func recognizes(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a])
  }

  init(_ bytes: [UInt8]) throws(FileFault) {
    self.bytes = bytes
    var cursor = try ByteCursor(bytes, from: 8)
    let version = try cursor.byte()
    guard version <= 1 else {
      throw FileFault(
        "has HDF5 superblock version \(version), which is not read", byte: 8,
        hint: "write it with Keras, or with h5py without libver")
    }
    try cursor.skip(4)
    guard try cursor.byte() == 8, try cursor.byte() == 8 else {
      throw FileFault("has HDF5 addresses that are not of 8 bytes", byte: 13)
    }
    try cursor.skip(9 + (version == 1 ? 4 : 0))
    guard try cursor.unsigned(8) == 0 else {
      throw FileFault("begins within another file", byte: cursor.offset)
    }
    try cursor.skip(24 + 8)
    try object(at: try cursor.length(8), path: "", depth: 0)
  }

  func floats(_ dataset: Dataset) -> [Float] {
    dataset.element.floats(bytes[dataset.data], bigEndian: dataset.bigEndian)
  }

  /// A group or a dataset, from its object header.
  private mutating func object(at address: Int, path: String, depth: Int) throws(FileFault) {
    limit -= 1
    guard depth < 32, limit > 0 else {
      throw FileFault("nests its groups too deeply or in a circle", byte: address)
    }
    var shape: [Int]?
    var type: (element: StoredElement, bigEndian: Bool)?
    var data: Range<Int>?
    for (kind, body) in try messages(at: address) {
      var cursor = try ByteCursor(bytes, from: body.lowerBound, to: body.upperBound)
      switch kind {
      case 0x01: shape = try Self.dataspace(&cursor)
      case 0x03: type = try Self.datatype(&cursor)
      case 0x08: data = try layout(&cursor, path: path)
      case 0x11:
        let tree = try cursor.length(8)
        let heap = try heapSegment(at: try cursor.length(8))
        try members(tree: tree, heap: heap, path: path, depth: depth)
      default: break
      }
    }
    guard let shape, let type, let data else { return }
    guard let count = elementCount(shape), count * type.element.width <= data.count else {
      throw FileFault(
        "stores dataset `\(path)` of shape \(WeightError.text(shape)) in \(data.count) bytes",
        byte: address)
    }
    datasets[path] = Dataset(
      shape: shape, element: type.element, bigEndian: type.bigEndian,
      data: data.lowerBound..<data.lowerBound + count * type.element.width)
  }

  /// The messages of a version 1 object header with its continuations.
  private func messages(at address: Int) throws(FileFault) -> [(kind: Int, body: Range<Int>)] {
    var cursor = try ByteCursor(bytes, from: address)
    guard try cursor.byte() == 1 else {
      throw FileFault("has an object header of a kind that Keras does not write", byte: address)
    }
    try cursor.skip(1)
    var left = try cursor.length(2)
    try cursor.skip(4)
    let size = try cursor.length(4)
    try cursor.skip(4)
    var blocks = [try cursor.range(size)]
    var result: [(kind: Int, body: Range<Int>)] = []
    while let block = blocks.popLast() {
      var cursor = try ByteCursor(bytes, from: block.lowerBound, to: block.upperBound)
      while cursor.left >= 8, left > 0 {
        left -= 1
        let kind = try cursor.length(2)
        let size = try cursor.length(2)
        try cursor.skip(4)
        let body = try cursor.range(size)
        if kind == 0x10 {
          var place = try ByteCursor(bytes, from: body.lowerBound, to: body.upperBound)
          var target = try ByteCursor(bytes, from: try place.length(8))
          blocks.append(try target.range(try place.length(8)))
        } else {
          result.append((kind, body))
        }
      }
    }
    return result
  }

  private static func dataspace(_ cursor: inout ByteCursor) throws(FileFault) -> [Int] {
    let version = try cursor.byte()
    let rank = try cursor.length(1)
    try cursor.skip(version == 1 ? 6 : 2)
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(try cursor.length(8)) }
    return shape
  }

  /// Plain integers and floats; nil for any other type.
  private static func datatype(
    _ cursor: inout ByteCursor
  ) throws(FileFault) -> (element: StoredElement, bigEndian: Bool)? {
    let kind = try cursor.byte() & 15
    let bits = try cursor.unsigned(3)
    let width = try cursor.length(4)
    let element: StoredElement? =
      switch (kind, width, bits & 8 != 0) {
      case (1, 2, _): .f16
      case (1, 4, _): .f32
      case (1, 8, _): .f64
      case (0, 1, let signed): signed ? .i8 : .u8
      case (0, 2, let signed): signed ? .i16 : .u16
      case (0, 4, let signed): signed ? .i32 : .u32
      case (0, 8, let signed): signed ? .i64 : .u64
      default: nil
      }
    return element.map { ($0, bits & 1 == 1) }
  }

  private func layout(_ cursor: inout ByteCursor, path: String) throws(FileFault) -> Range<Int> {
    let version = try cursor.byte()
    let kind = try cursor.byte()
    guard version == 3, kind <= 1 else {
      throw FileFault(
        "stores dataset `\(path)` in chunks or in a layout that Keras does not write",
        byte: cursor.offset, hint: "write it with Keras, or with h5py without compression")
    }
    if kind == 0 { return try cursor.range(try cursor.length(2)) }
    let address = try cursor.unsigned(8)
    let size = try cursor.length(8)
    if address == .max { return 0..<0 }  // nothing was ever written
    guard let start = Int(exactly: address), let place = try? ByteCursor(bytes, from: start),
      size <= place.left
    else { throw FileFault("ends within dataset `\(path)`", byte: bytes.count) }
    return start..<start + size
  }

  private func heapSegment(at address: Int) throws(FileFault) -> Range<Int> {
    var cursor = try ByteCursor(bytes, from: address)
    guard try cursor.take(4).elementsEqual("HEAP".utf8) else {
      throw FileFault("has no heap of names where it should be", byte: address)
    }
    try cursor.skip(4)
    let size = try cursor.length(8)
    try cursor.skip(8)
    var segment = try ByteCursor(bytes, from: try cursor.length(8))
    return try segment.range(size)
  }

  /// Walks the B-tree of a group down to its symbols.
  private mutating func members(
    tree: Int, heap: Range<Int>, path: String, depth: Int
  ) throws(FileFault) {
    limit -= 1
    guard depth < 32, limit > 0 else { throw FileFault("has groups in a circle", byte: tree) }
    var cursor = try ByteCursor(bytes, from: tree)
    let signature = try cursor.text(4)
    if signature == "TREE" {
      try cursor.skip(2)
      let count = try cursor.length(2)
      try cursor.skip(16 + 8)
      for _ in 0..<count {
        try members(tree: try cursor.length(8), heap: heap, path: path, depth: depth + 1)
        try cursor.skip(8)
      }
    } else if signature == "SNOD" {
      try cursor.skip(2)
      let count = try cursor.length(2)
      for _ in 0..<count {
        let offset = try cursor.length(8)
        let address = try cursor.length(8)
        try cursor.skip(24)
        guard offset < heap.count else {
          throw FileFault("has a name outside of its heap", byte: tree)
        }
        var name = try ByteCursor(bytes, from: heap.lowerBound + offset, to: heap.upperBound)
        let step = try name.zeroEnded()
        try object(at: address, path: path.isEmpty ? step : "\(path)/\(step)", depth: depth + 1)
      }
    } else {
      throw FileFault("has no group where it should be", byte: tree)
    }
  }
}
