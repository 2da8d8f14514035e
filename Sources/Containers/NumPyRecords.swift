/// A list of records of a NumPy file: a structured array of one axis.
///
/// Fields are numbers, arrays of numbers, or records again, whose fields are named "outer.inner".
package struct NumPyRecords {
  package struct Field {
    package let name: String
    /// Lengths of the arrays that the field is part of, outermost first; empty for one number.
    package let shape: [Int]
    let strides: [Int]
    let offset: Int
    let element: StoredElement
    let bigEndian: Bool
  }

  package let fields: [Field]
  /// The number of records.
  package let count: Int
  private let bytes: [UInt8]
  private let start: Int
  private let recordBytes: Int

  package init(_ bytes: [UInt8]) throws(FileFault) {
    let header = try NumPyArray.Header(bytes)
    var parser = TypeParser(header.text)
    let type = try parser.type()
    guard header.shape.count == 1, case .record(let size, let fields) = type else {
      throw .refusal(
        "is not a list of records", hint: "a list of localizations is a structured array")
    }
    let (total, overflow) = size.multipliedReportingOverflow(by: header.shape[0])
    guard !overflow, total == bytes.count - header.start, size > 0 else {
      throw FileFault(
        "states \(header.shape[0]) records of \(size) bytes, it holds "
          + "\(bytes.count - header.start) bytes", byte: header.start)
    }
    self.bytes = bytes
    self.fields = fields
    count = header.shape[0]
    start = header.start
    recordBytes = size
  }

  package func field(_ name: String) -> Field? { fields.first { $0.name == name } }

  /// The values of one number of a field; `index` has a place for each axis of its shape.
  package func column(_ field: Field, _ index: [Int] = []) -> [Double]? {
    guard index.count == field.shape.count,
      zip(index, field.shape).allSatisfy({ 0..<$1 ~= $0 })
    else { return nil }
    let place = zip(index, field.strides).reduce(field.offset) { $0 + $1.0 * $1.1 }
    return bytes.withUnsafeBytes {
      field.element.doubles(
        $0, from: start + place, stride: recordBytes, count: count, bigEndian: field.bigEndian)
    }
  }

  /// Reads the type of the elements, which is written as Python's lists and tuples.
  private struct TypeParser {
    enum ElementType {
      case number(StoredElement, bigEndian: Bool)
      case record(size: Int, [Field])
      /// Text and other types, which are skipped.
      case other(size: Int)

      var size: Int {
        switch self {
        case .number(let element, _): element.width
        case .record(let size, _), .other(let size): size
        }
      }
    }

    private static let mostFields = 4096
    private static let deepest = 8
    private let text: [UInt8]
    private var place = 0
    private var count = 0

    init(_ header: String) {
      let name = header.firstRange(of: "'descr':")
      text = Array(header[(name?.upperBound ?? header.endIndex)...].utf8)
    }

    mutating func type(depth: Int = 0) throws(FileFault) -> ElementType {
      guard depth < Self.deepest else { throw FileFault("nests its types too deeply", byte: 8) }
      skipBlanks()
      if peek == UInt8(ascii: "'") { return try simple(try word()) }
      try expect("[")
      var fields: [Field] = []
      var size = 0
      while peek != UInt8(ascii: "]") {
        try expect("(")
        let name = try word()
        try expect(",")
        let inner = try type(depth: depth + 1)
        var shape: [Int] = []
        if take(","), peek != UInt8(ascii: ")") { shape = try self.shape() }
        try expect(")")
        _ = take(",")
        size = try append(name, inner, shape, at: size, to: &fields)
      }
      try expect("]")
      return .record(size: size, fields)
    }

    /// Adds a field, and returns the place behind it.
    private mutating func append(
      _ name: String, _ type: ElementType, _ shape: [Int], at offset: Int,
      to fields: inout [Field]
    ) throws(FileFault) -> Int {
      guard let elements = elementCount(shape + [type.size]), offset < 1 << 30 else {
        throw FileFault("has a field \(name) of the impossible shape \(shape)", byte: 8)
      }
      var strides = shape
      var bytes = type.size
      for axis in shape.indices.reversed() {
        strides[axis] = bytes
        bytes *= shape[axis]
      }
      switch type {
      case .number(let element, let bigEndian):
        fields.append(
          Field(
            name: name, shape: shape, strides: strides, offset: offset, element: element,
            bigEndian: bigEndian))
      case .record(_, let inner):
        fields += inner.map {
          Field(
            name: "\(name).\($0.name)", shape: shape + $0.shape, strides: strides + $0.strides,
            offset: offset + $0.offset, element: $0.element, bigEndian: $0.bigEndian)
        }
      case .other: break
      }
      count += 1
      guard count <= Self.mostFields, fields.count <= Self.mostFields else {
        throw FileFault("has more than \(Self.mostFields) fields", byte: 8)
      }
      return offset + elements
    }

    private func simple(_ name: String) throws(FileFault) -> ElementType {
      let elements: [Substring: StoredElement] = [
        "f2": .f16, "f4": .f32, "f8": .f64, "i1": .i8, "i2": .i16, "i4": .i32, "i8": .i64,
        "u1": .u8, "u2": .u16, "u4": .u32, "u8": .u64, "b1": .bool,
      ]
      let type = name.drop { "<>=|".contains($0) }
      if let element = elements[type] {
        return .number(element, bigEndian: name.hasPrefix(">"))
      }
      guard let length = Int(type.dropFirst()), 0...1_000_000 ~= length,
        let kind = type.first, "SUVcm".contains(kind) || kind == "M"
      else {
        throw .refusal(
          "has fields of type \(name), not plain numbers",
          hint: "Python objects can be read only by executing code")
      }
      return .other(size: kind == "U" ? 4 * length : length)
    }

    private mutating func shape() throws(FileFault) -> [Int] {
      guard take("(") else { return [try number()] }
      var shape: [Int] = []
      while peek != UInt8(ascii: ")") {
        shape.append(try number())
        guard take(",") else { break }
      }
      try expect(")")
      guard shape.count <= 8 else { throw FileFault("has a field of \(shape.count) axes", byte: 8) }
      return shape
    }

    private mutating func number() throws(FileFault) -> Int {
      skipBlanks()
      let digits = text[place...].prefix { $0 &- 48 < 10 }
      guard digits.count <= 9, let value = Int(String(decoding: digits, as: UTF8.self)) else {
        throw damage
      }
      place += digits.count
      return value
    }

    private mutating func word() throws(FileFault) -> String {
      try expect("'")
      guard let end = text[place...].firstIndex(of: UInt8(ascii: "'")) else { throw damage }
      defer { place = end + 1 }
      return String(decoding: text[place..<end], as: UTF8.self)
    }

    private var peek: UInt8? { place < text.count ? text[place] : nil }
    private var damage: FileFault { FileFault("has a NumPy header that is not valid", byte: 8) }

    private mutating func skipBlanks() { while peek == 32 { place += 1 } }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      skipBlanks()
      guard peek == UInt8(ascii: character) else { return false }
      place += 1
      skipBlanks()
      return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FileFault) {
      guard take(character) else { throw damage }
    }
  }
}
