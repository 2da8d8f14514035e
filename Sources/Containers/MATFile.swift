import CZlib

/// Variables of a MATLAB 5 file (`.mat` up to v7): numbers, texts, cells and structures.
///
/// Glint has its own reader, because libmatio 1.5.23 crashes or hangs on some damaged compressed
/// files. Source: "MAT-File Format", MathWorks. Numbers are converted to Double from any type;
/// objects, functions and sparse matrices are skipped.
package struct MATFile {
  package indirect enum Value {
    /// Column-major, the first index fastest.
    case numbers(shape: [Int], values: [Double])
    case text(String)
    case cells(shape: [Int], [Value])
    /// One dictionary per element of the array.
    case structures(shape: [Int], [[String: Value]])
    case other
  }

  /// Maximum depth of nested elements.
  private static let deepest = 32
  /// Limit for decompressed data; calibrations are smaller.
  private static let largest = 1 << 30

  private let bytes: [UInt8]
  private let bigEndian: Bool

  package init(_ bytes: [UInt8]) throws(FileFault) {
    self.bytes = bytes
    guard bytes.count >= 128, bytes[126...127] == [0x49, 0x4D] || bytes[126...127] == [0x4D, 0x49]
    else { throw FileFault("has an incomplete MATLAB header", byte: bytes.count) }
    bigEndian = bytes[126] == 0x4D
  }

  /// The variables with these names; nil for all. Others are not parsed.
  package func variables(_ names: Set<String>? = nil) throws(FileFault) -> [String: Value] {
    var found: [String: Value] = [:]
    var place = 128
    while place + 8 <= bytes.count {
      let tag = try element(in: bytes, at: place)
      place = tag.next
      let content: [UInt8]
      let body: Range<Int>
      switch tag.kind {
      case .matrix: (content, body) = (bytes, tag.body)
      case .compressed:
        content = try inflate(bytes[tag.body])
        let inner = try element(in: content, at: 0)
        guard inner.kind == .matrix else { continue }
        body = inner.body
      default: continue
      }
      let matrix = try header(in: content, body)
      if names?.contains(matrix.name) ?? true {
        found[matrix.name] = try value(matrix, in: content, depth: 0)
      }
    }
    return found
  }

  private enum Kind: UInt32 {
    case int8 = 1
    case uint8, int16, uint16, int32, uint32, single
    case double = 9
    case int64 = 12
    case uint64, matrix, compressed, utf8, utf16, utf32

    var size: Int {
      switch self {
      case .int8, .uint8, .utf8: 1
      case .int16, .uint16, .utf16: 2
      case .int32, .uint32, .single, .utf32: 4
      case .double, .int64, .uint64: 8
      case .matrix, .compressed: 1
      }
    }
  }

  private struct Element {
    var kind: Kind
    var body: Range<Int>
    var next: Int
  }

  private struct Header {
    var kind: UInt8
    var shape: [Int]
    var name: String
    var count: Int
    /// From the start of the content to the end of the matrix.
    var rest: Range<Int>
  }

  private func word(_ data: [UInt8], _ place: Int) -> UInt32 {
    let raw = data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
    return bigEndian ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
  }

  /// The tag at `place`; a length that reaches beyond `end` is damage.
  private func element(in data: [UInt8], at place: Int, end: Int? = nil) throws(FileFault)
    -> Element
  {
    let end = end ?? data.count
    guard place >= 0, place + 8 <= end else {
      throw FileFault("has an element that is truncated", byte: place)
    }
    let first = word(data, place)
    let small = first >> 16
    guard let kind = Kind(rawValue: small == 0 ? first : first & 0xFFFF) else {
      throw FileFault("has an element of the unknown type \(first)", byte: place)
    }
    if small != 0 {
      guard small <= 4 else {
        throw FileFault("has a small element of \(small) bytes", byte: place)
      }
      return Element(kind: kind, body: place + 4..<place + 4 + Int(small), next: place + 8)
    }
    let length = Int(word(data, place + 4))
    let start = place + 8
    guard length <= end - start else {
      throw FileFault("has an element of \(length) bytes that is truncated", byte: place)
    }
    // All but compressed elements are padded to a multiple of eight bytes.
    let padded = kind == .compressed ? length : (length + 7) / 8 * 8
    return Element(kind: kind, body: start..<start + length, next: min(start + padded, end))
  }

  private func inflate(_ compressed: ArraySlice<UInt8>) throws(FileFault) -> [UInt8] {
    func start(_ size: Int) throws(FileFault) -> [UInt8] {
      let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
        filled = compressed.withUnsafeBufferPointer {
          glint_inflate_start($0.baseAddress, $0.count, buffer.baseAddress, size)
        }
      }
      guard result.count == size else { throw FileFault("has damaged compressed data") }
      return result
    }
    let length = Int(word(try start(8), 4))
    // Deflate compresses by at most 1032 to 1.
    guard length <= Self.largest, length <= compressed.count * 1040 else {
      throw FileFault("has compressed data with a stated size of \(length) bytes")
    }
    return try start(8 + length)
  }

  private func header(in data: [UInt8], _ body: Range<Int>) throws(FileFault) -> Header {
    // An empty matrix may have no content at all.
    if body.isEmpty { return Header(kind: 0, shape: [0], name: "", count: 0, rest: body) }
    let flags = try element(in: data, at: body.lowerBound, end: body.upperBound)
    guard flags.kind == .uint32, flags.body.count == 8 else {
      throw FileFault("has a matrix without flags", byte: body.lowerBound)
    }
    let kind = UInt8(word(data, flags.body.lowerBound) & 0xFF)
    // Function handles and objects of classes have their own formats.
    if kind > 15 {
      return Header(kind: kind, shape: [], name: "", count: 0, rest: flags.next..<body.upperBound)
    }
    let sizes = try element(in: data, at: flags.next, end: body.upperBound)
    let name = try element(in: data, at: sizes.next, end: body.upperBound)
    guard sizes.kind == .int32, sizes.body.count % 4 == 0, 4...128 ~= sizes.body.count,
      name.kind == .int8
    else { throw FileFault("has a matrix without a size or a name", byte: body.lowerBound) }
    let shape = stride(from: sizes.body.lowerBound, to: sizes.body.upperBound, by: 4).map {
      Int(Int32(bitPattern: word(data, $0)))
    }
    guard let count = elementCount(shape), count < 1_000_000_000 else {
      throw FileFault("has a matrix of the size \(shape)", byte: body.lowerBound)
    }
    return Header(
      kind: kind, shape: shape, name: String(decoding: data[name.body], as: UTF8.self),
      count: count, rest: name.next..<body.upperBound)
  }

  private func value(_ header: Header, in data: [UInt8], depth: Int) throws(FileFault) -> Value {
    guard depth < Self.deepest else { throw FileFault("nests its structures too deeply") }
    switch header.kind {
    case 1:
      return .cells(
        shape: header.shape,
        try elements(header.count, in: data, header.rest, depth: depth + 1))
    case 2: return try structures(header, in: data, depth: depth)
    case 4:
      let text = try element(in: data, at: header.rest.lowerBound, end: header.rest.upperBound)
      let codes = try numbers(text, in: data)
      return .text(
        String(
          codes.map { code in
            Character(UnicodeScalar(code >= 0 && code < 0x110000 ? UInt32(code) : 63) ?? "?")
          }))
    case 6...15:
      if header.count == 0 { return .numbers(shape: header.shape, values: []) }
      let part = try element(in: data, at: header.rest.lowerBound, end: header.rest.upperBound)
      let values = try numbers(part, in: data)
      guard values.count == header.count else {
        throw FileFault("has \(values.count) numbers for a matrix of \(header.shape)")
      }
      return .numbers(shape: header.shape, values: values)
    default: return .other
    }
  }

  /// `count` consecutive matrices.
  private func elements(
    _ count: Int, in data: [UInt8], _ range: Range<Int>, depth: Int
  ) throws(FileFault) -> [Value] {
    // Each takes at least eight bytes.
    guard count <= range.count / 8 else {
      throw FileFault("has \(count) matrices in \(range.count) bytes")
    }
    var place = range.lowerBound
    var values: [Value] = []
    for _ in 0..<count {
      let inner = try element(in: data, at: place, end: range.upperBound)
      guard inner.kind == .matrix else {
        throw FileFault("has no matrix where one is expected", byte: place)
      }
      place = inner.next
      values.append(try value(header(in: data, inner.body), in: data, depth: depth))
    }
    return values
  }

  private func structures(_ header: Header, in data: [UInt8], depth: Int) throws(FileFault) -> Value
  {
    let end = header.rest.upperBound
    let length = try element(in: data, at: header.rest.lowerBound, end: end)
    let list = try element(in: data, at: length.next, end: end)
    guard length.kind == .int32, length.body.count == 4, list.kind == .int8 else {
      throw FileFault("has a structure without field names")
    }
    let each = Int(word(data, length.body.lowerBound))
    guard 1...256 ~= each, list.body.count % each == 0 else {
      throw FileFault("has a structure whose field names have \(each) letters")
    }
    let names = stride(from: list.body.lowerBound, to: list.body.upperBound, by: each).map {
      String(decoding: data[$0..<$0 + each].prefix { $0 != 0 }, as: UTF8.self)
    }
    let (total, overflow) = header.count.multipliedReportingOverflow(by: names.count)
    guard !overflow else { throw FileFault("has a structure of \(header.count) elements") }
    let values = try elements(total, in: data, list.next..<end, depth: depth + 1)
    return .structures(
      shape: header.shape,
      names.isEmpty
        ? []
        : (0..<header.count).map { index in
          let own = values[index * names.count..<(index + 1) * names.count]
          return Dictionary(zip(names, own), uniquingKeysWith: { $1 })
        })
  }

  private func numbers(_ element: Element, in data: [UInt8]) throws(FileFault) -> [Double] {
    guard element.body.count % element.kind.size == 0 else {
      throw FileFault("has \(element.body.count) bytes for numbers of \(element.kind.size) bytes")
    }
    let stored: StoredElement
    switch element.kind {
    case .int8: stored = .i8
    case .uint8, .utf8: stored = .u8
    case .int16: stored = .i16
    case .uint16, .utf16: stored = .u16
    case .int32: stored = .i32
    case .uint32, .utf32: stored = .u32
    case .single: stored = .f32
    case .double: stored = .f64
    case .int64: stored = .i64
    case .uint64: stored = .u64
    case .matrix, .compressed: throw FileFault("has a matrix where numbers are expected")
    }
    return data[element.body].withUnsafeBytes {
      stored.doubles(
        $0, from: 0, stride: stored.width, count: element.body.count / stored.width,
        bigEndian: bigEndian)
    }
  }
}
