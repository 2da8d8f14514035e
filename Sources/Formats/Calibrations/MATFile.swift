import CZlib
import Foundation

/// Variables of a MATLAB 5 file (`.mat` up to v7): numbers, texts, cells and structures.
///
/// Own code, because libmatio 1.5.23 crashes or hangs on some damaged compressed files. Layout: "MAT-File
/// Format", MathWorks. Numbers are Double whatever their type in the file; objects, functions and sparse
/// matrices are passed over.
struct MATFile {
  indirect enum Value {
    /// Column-major, the first index fastest.
    case numbers(shape: [Int], values: [Double])
    case text(String)
    case cells(shape: [Int], [Value])
    /// One dictionary for each element of the array.
    case structures(shape: [Int], [[String: Value]])
    case other
  }

  /// Elements inside each other.
  private static let deepest = 32
  /// No calibration is larger, decompressed.
  private static let largest = 1 << 30

  private let path: String
  private let bytes: [UInt8]
  private let bigEndian: Bool

  init(path: String) throws {
    self.path = path
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CalibrationFileError.unreadable(path: path, reason: "the file cannot be opened")
    }
    bytes = [UInt8](data)
    guard bytes.count >= 128, bytes[126...127] == [0x49, 0x4D] || bytes[126...127] == [0x4D, 0x49]
    else { throw CalibrationFileError.damaged(path: path, reason: "its header is cut off") }
    bigEndian = bytes[126] == 0x4D
  }

  /// The variables of these names, nil for all. Others are not looked into.
  func variables(_ names: Set<String>? = nil) throws -> [String: Value] {
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
    /// Where the content begins and the matrix ends.
    var rest: Range<Int>
  }

  private func damaged(_ reason: String) -> CalibrationFileError {
    .damaged(path: path, reason: reason)
  }

  private func word(_ data: [UInt8], _ place: Int) -> UInt32 {
    let raw = data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
    return bigEndian ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
  }

  /// The tag at `place`; what is said to reach beyond `end` is damage.
  private func element(in data: [UInt8], at place: Int, end: Int? = nil) throws -> Element {
    let end = end ?? data.count
    guard place >= 0, place + 8 <= end else {
      throw damaged("an element is cut off at byte \(place)")
    }
    let first = word(data, place)
    let small = first >> 16
    guard let kind = Kind(rawValue: small == 0 ? first : first & 0xFFFF) else {
      throw damaged("an element of the unknown type \(first) stands at byte \(place)")
    }
    if small != 0 {
      guard small <= 4 else { throw damaged("a small element of \(small) bytes at byte \(place)") }
      return Element(kind: kind, body: place + 4..<place + 4 + Int(small), next: place + 8)
    }
    let length = Int(word(data, place + 4))
    let start = place + 8
    guard length <= end - start else {
      throw damaged("the element at byte \(place) of \(length) bytes is cut off")
    }
    // All but compressed ones are filled up to eight bytes.
    let padded = kind == .compressed ? length : (length + 7) / 8 * 8
    return Element(kind: kind, body: start..<start + length, next: min(start + padded, end))
  }

  private func inflate(_ compressed: ArraySlice<UInt8>) throws -> [UInt8] {
    func start(_ size: Int) throws -> [UInt8] {
      let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
        filled = compressed.withUnsafeBufferPointer {
          glint_inflate_start($0.baseAddress, $0.count, buffer.baseAddress, size)
        }
      }
      guard result.count == size else { throw damaged("compressed data are damaged") }
      return result
    }
    let length = Int(word(try start(8), 4))
    // Deflate reaches 1032 to 1.
    guard length <= Self.largest, length <= compressed.count * 1040 else {
      throw damaged("compressed data claim \(length) bytes")
    }
    return try start(8 + length)
  }

  private func header(in data: [UInt8], _ body: Range<Int>) throws -> Header {
    // An empty matrix may have no content at all.
    if body.isEmpty { return Header(kind: 0, shape: [0], name: "", count: 0, rest: body) }
    let flags = try element(in: data, at: body.lowerBound, end: body.upperBound)
    guard flags.kind == .uint32, flags.body.count == 8 else {
      throw damaged("a matrix has no flags")
    }
    let kind = UInt8(word(data, flags.body.lowerBound) & 0xFF)
    // Function handles and objects of classes go on in their own way.
    if kind > 15 {
      return Header(kind: kind, shape: [], name: "", count: 0, rest: flags.next..<body.upperBound)
    }
    let sizes = try element(in: data, at: flags.next, end: body.upperBound)
    let name = try element(in: data, at: sizes.next, end: body.upperBound)
    guard sizes.kind == .int32, sizes.body.count % 4 == 0, 4...128 ~= sizes.body.count,
      name.kind == .int8
    else { throw damaged("a matrix has no size or no name") }
    let shape = stride(from: sizes.body.lowerBound, to: sizes.body.upperBound, by: 4).map {
      Int(Int32(bitPattern: word(data, $0)))
    }
    guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1.0, { $0 * Double($1) }) < 1e9 else {
      throw damaged("a matrix has the size \(shape)")
    }
    return Header(
      kind: kind, shape: shape, name: String(decoding: data[name.body], as: UTF8.self),
      count: shape.reduce(1, *), rest: name.next..<body.upperBound)
  }

  private func value(_ header: Header, in data: [UInt8], depth: Int) throws -> Value {
    guard depth < Self.deepest else { throw damaged("its structures are too deep") }
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
        throw damaged("\(values.count) numbers stand for a matrix of \(header.shape)")
      }
      return .numbers(shape: header.shape, values: values)
    default: return .other
    }
  }

  /// `count` matrices one behind the other.
  private func elements(
    _ count: Int, in data: [UInt8], _ range: Range<Int>, depth: Int
  ) throws -> [Value] {
    // Each takes eight bytes at least.
    guard count <= range.count / 8 else {
      throw damaged("\(count) matrices in \(range.count) bytes")
    }
    var place = range.lowerBound
    return try (0..<count).map { _ in
      let inner = try element(in: data, at: place, end: range.upperBound)
      guard inner.kind == .matrix else { throw damaged("no matrix stands at byte \(place)") }
      place = inner.next
      return try value(header(in: data, inner.body), in: data, depth: depth)
    }
  }

  private func structures(_ header: Header, in data: [UInt8], depth: Int) throws -> Value {
    let end = header.rest.upperBound
    let length = try element(in: data, at: header.rest.lowerBound, end: end)
    let list = try element(in: data, at: length.next, end: end)
    guard length.kind == .int32, length.body.count == 4, list.kind == .int8 else {
      throw damaged("a structure has no field names")
    }
    let each = Int(word(data, length.body.lowerBound))
    guard 1...256 ~= each, list.body.count % each == 0 else {
      throw damaged("a structure's field names have \(each) letters")
    }
    let names = stride(from: list.body.lowerBound, to: list.body.upperBound, by: each).map {
      String(decoding: data[$0..<$0 + each].prefix { $0 != 0 }, as: UTF8.self)
    }
    let (total, overflow) = header.count.multipliedReportingOverflow(by: names.count)
    guard !overflow else { throw damaged("a structure has \(header.count) elements") }
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

  private func numbers(_ element: Element, in data: [UInt8]) throws -> [Double] {
    guard element.body.count % element.kind.size == 0 else {
      throw damaged("\(element.body.count) bytes are no numbers of \(element.kind.size) bytes")
    }
    func read<Bits: FixedWidthInteger>(_: Bits.Type, _ value: (Bits) -> Double) -> [Double] {
      data.withUnsafeBytes { all in
        stride(from: element.body.lowerBound, to: element.body.upperBound, by: Bits.bitWidth / 8)
          .map { place in
            let bits = all.loadUnaligned(fromByteOffset: place, as: Bits.self)
            return value(bigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
          }
      }
    }
    switch element.kind {
    case .int8: return read(Int8.self) { Double($0) }
    case .uint8, .utf8: return read(UInt8.self) { Double($0) }
    case .int16: return read(Int16.self) { Double($0) }
    case .uint16, .utf16: return read(UInt16.self) { Double($0) }
    case .int32: return read(Int32.self) { Double($0) }
    case .uint32, .utf32: return read(UInt32.self) { Double($0) }
    case .single: return read(UInt32.self) { Double(Float(bitPattern: $0)) }
    case .double: return read(UInt64.self) { Double(bitPattern: $0) }
    case .int64: return read(Int64.self) { Double($0) }
    case .uint64: return read(UInt64.self) { Double($0) }
    case .matrix, .compressed: throw damaged("a matrix stands where numbers should")
    }
  }
}
