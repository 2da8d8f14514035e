/// How the elements of a dataset or an attribute are stored (IV.A.2.d).
struct HDF5Datatype {
  enum Kind {
    /// An integer or an IEEE float. An enumeration, such as h5py's booleans, is read as its
    /// integer.
    case number(StoredElement, bigEndian: Bool)
    case text
    /// Text in the global heap.
    case variableText
    /// The address of an object, as in MATLAB's cell arrays.
    case reference
    case record([Field])
    /// Any other type, described in words.
    case other(String)
  }

  struct Field {
    let name: String
    let offset: Int
    let type: HDF5Datatype
  }

  let kind: Kind
  /// Bytes of an element.
  let size: Int

  /// Maximum depth of nested types.
  private static let deepest = 8

  init(_ cursor: inout ByteCursor, depth: Int = 0) throws(FileFault) {
    let at = cursor.position
    guard depth < Self.deepest else { throw FileFault("nests its types too deeply", byte: at) }
    let head = try cursor.byte()
    let version = Int(head >> 4)
    let bits = Int(try cursor.unsigned(3))
    size = try cursor.length(4)
    guard 1...5 ~= version, size > 0 else {
      throw FileFault("has a type of an unknown version or of no size", byte: at)
    }
    switch head & 15 {
    case 0: kind = try Self.whole(&cursor, bits, size)
    case 1: kind = try Self.float(&cursor, bits, size)
    case 2:
      try cursor.skip(2)
      kind = .other("times")
    case 3: kind = .text
    case 4:
      try cursor.skip(4)
      kind = .other("bit fields")
    case 5:
      try cursor.skip(bits & 0xff)
      kind = .other("opaque bytes")
    case 6: kind = .record(try Self.fields(&cursor, version, bits & 0xffff, size, depth))
    case 7: kind = bits & 15 == 0 && size == 8 ? .reference : .other("references")
    case 8: kind = try Self.enumeration(&cursor, version, bits & 0xffff, size, depth)
    case 9:
      _ = try HDF5Datatype(&cursor, depth: depth + 1)
      kind = bits & 15 == 1 && size == 16 ? .variableText : .other("lists of variable length")
    case 10:
      let rank = try cursor.length(1)
      try cursor.skip((version < 3 ? 3 + 4 * rank : 0) + 4 * rank)
      _ = try HDF5Datatype(&cursor, depth: depth + 1)
      kind = .other("arrays")
    case 11:
      _ = try HDF5Datatype(&cursor, depth: depth + 1)
      kind = .other("complex numbers")
    default: throw FileFault("has a type of an unknown class", byte: at)
    }
  }

  private static func whole(
    _ cursor: inout ByteCursor, _ bits: Int, _ size: Int
  ) throws(FileFault) -> Kind {
    let (offset, precision) = (try cursor.length(2), try cursor.length(2))
    let elements: [Int: (StoredElement, StoredElement)] = [
      1: (.u8, .i8), 2: (.u16, .i16), 4: (.u32, .i32), 8: (.u64, .i64),
    ]
    guard offset == 0, precision == 8 * size, let (unsigned, signed) = elements[size] else {
      return .other("whole numbers of \(precision) bits in \(size) bytes")
    }
    return .number(bits & 8 != 0 ? signed : unsigned, bigEndian: bits & 1 != 0)
  }

  private static func float(
    _ cursor: inout ByteCursor, _ bits: Int, _ size: Int
  ) throws(FileFault) -> Kind {
    let (offset, precision) = (try cursor.length(2), try cursor.length(2))
    var fields: [Int] = []
    // Positions and lengths of exponent and mantissa, and the exponent's bias.
    for _ in 0..<4 { fields.append(try cursor.length(1)) }
    fields.append(try cursor.length(4))
    let standard: [Int: (StoredElement, [Int])] = [
      2: (.f16, [10, 5, 0, 10, 15]), 4: (.f32, [23, 8, 0, 23, 127]),
      8: (.f64, [52, 11, 0, 52, 1023]),
    ]
    // Bit 6 indicates VAX order; the sign is the topmost bit.
    guard let (element, expected) = standard[size], fields == expected, offset == 0,
      precision == 8 * size, bits & 0x40 == 0, bits >> 8 & 0xff == 8 * size - 1
    else { return .other("floats that are not IEEE 754") }
    return .number(element, bigEndian: bits & 1 != 0)
  }

  private static func fields(
    _ cursor: inout ByteCursor, _ version: Int, _ count: Int, _ size: Int, _ depth: Int
  ) throws(FileFault) -> [Field] {
    var fields: [Field] = []
    for _ in 0..<count {
      let name = try name(&cursor, version)
      let at = cursor.position
      let offset = try cursor.length(version < 3 ? 4 : bytes(toHold: size))
      var dimensions = 0
      if version == 1 {
        dimensions = try cursor.length(1)
        try cursor.skip(3 + 4 + 4 + 16)
      }
      let type = try HDF5Datatype(&cursor, depth: depth + 1)
      guard offset <= size, type.size <= size - offset else {
        throw FileFault("has a field \(name) outside of its record", byte: at)
      }
      fields.append(
        Field(
          name: name, offset: offset,
          type: dimensions > 0 ? HDF5Datatype(.other("arrays"), size: type.size) : type))
    }
    return fields
  }

  private init(_ kind: Kind, size: Int) {
    self.kind = kind
    self.size = size
  }

  private static func enumeration(
    _ cursor: inout ByteCursor, _ version: Int, _ count: Int, _ size: Int, _ depth: Int
  ) throws(FileFault) -> Kind {
    let at = cursor.position
    let base = try HDF5Datatype(&cursor, depth: depth + 1)
    for _ in 0..<count { _ = try name(&cursor, version) }
    try cursor.skip(count * base.size)
    guard base.size == size else {
      throw FileFault("has an enumeration of another size than its numbers", byte: at)
    }
    if case .number = base.kind { return base.kind }
    return .other("an enumeration of values that are not numbers")
  }

  /// A name; before version 3 it is padded to a multiple of eight bytes.
  private static func name(_ cursor: inout ByteCursor, _ version: Int) throws(FileFault) -> String {
    let start = cursor.offset
    let name = try cursor.zeroEnded()
    if version < 3 { try cursor.skip((8 - (cursor.offset - start) % 8) % 8) }
    return name
  }

  /// The number of bytes needed for numbers up to `value`.
  static func bytes(toHold value: Int) -> Int {
    max(1, (Int.bitWidth - value.leadingZeroBitCount + 7) / 8)
  }

  /// A description for messages: "`locs` holds …".
  var words: String {
    switch kind {
    case .number: "numbers"
    case .text, .variableText: "text"
    case .reference: "references"
    case .record: "records"
    case .other(let words): words
    }
  }
}

/// The size of a dataset or an attribute (IV.A.2.b).
struct HDF5Dataspace {
  /// Empty for a scalar.
  var shape: [Int] = []
  /// The maximum size of each axis; nil without a limit.
  var largest: [Int?] = []
  /// False for a null dataspace ("no value").
  var hasValue = true
  /// The number of elements.
  var count = 1

  init(_ cursor: inout ByteCursor) throws(FileFault) {
    let at = cursor.position
    let version = try cursor.byte()
    let rank = try cursor.length(1)
    let flags = try cursor.byte()
    let kind = try cursor.byte()
    guard 1...2 ~= version, rank <= 32 else {
      throw FileFault("has a size of an unknown version or of \(rank) axes", byte: at)
    }
    if version == 1 { try cursor.skip(4) }
    hasValue = version == 1 || kind != 2
    for _ in 0..<rank { shape.append(try cursor.length(8)) }
    if flags & 1 != 0 {
      for _ in 0..<rank { largest.append(try cursor.address()) }
    } else {
      largest = shape
    }
    guard let count = elementCount(shape) else {
      throw FileFault("has the impossible shape \(shape)", byte: at)
    }
    self.count = hasValue ? count : 0
  }
}
