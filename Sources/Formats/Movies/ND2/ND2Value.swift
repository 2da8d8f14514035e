import Containers
import Foundation

/// A value of Nikon's metadata.
enum ND2Value {
  case number(Double)
  case text(String)
  case bytes(ArraySlice<UInt8>)
  /// Named values in order; names may repeat or be empty.
  case level([Named])

  struct Named {
    var name: String
    var value: ND2Value
  }

  private static let mostLevels = 64
  /// Files with thousands of positions have some hundred thousand values.
  private static let mostValues = 1 << 20

  /// - Parameters:
  ///   - bytes: binary records, or XML.
  ///   - origin: their position in the file, for errors.
  init(_ bytes: [UInt8], at origin: Int) throws(FileFault) {
    var budget = Self.mostValues
    if bytes.first(where: { $0 > 32 }) == UInt8(ascii: "<") {
      self = try Self.xml(bytes, &budget)
      return
    }
    var cursor = try ByteCursor(bytes, origin: origin)
    self = .level(try Self.records(&cursor, .max, level: 0, &budget))
  }

  // MARK: Access

  /// The first value of that name; nil if there is none, or if this is no level.
  subscript(name: String) -> ND2Value? { children.first { $0.name == name }?.value }

  var children: [Named] {
    if case .level(let values) = self { values } else { [] }
  }

  var double: Double? { if case .number(let number) = self { number } else { nil } }
  var int: Int? { double.flatMap { Int(exactly: $0) } }
  var text: String? { if case .text(let text) = self { text } else { nil } }

  // MARK: Binary records

  /// A record is u8 type, u8 length of its name in UTF-16 units, the name, and the value.
  private static func records(
    _ cursor: inout ByteCursor, _ count: Int, level: Int, _ budget: inout Int
  ) throws(FileFault) -> [Named] {
    guard level < mostLevels else { throw FileFault("has too many levels", byte: cursor.position) }
    var values: [Named] = []
    while values.count < count, !cursor.atEnd {
      budget -= 1
      guard budget > 0 else { throw FileFault("has too many values", byte: cursor.position) }
      let start = cursor.offset
      let type = try cursor.byte()
      if type == 76 {
        // The rest is compressed.
        try cursor.skip(9)
        let packed = Array(try cursor.take(cursor.left))
        guard let bytes = Decompression.inflated(packed, atMost: longestUnpacked) else {
          throw FileFault("has damaged compressed data", byte: cursor.position)
        }
        var inner = try ByteCursor(bytes)
        values += try records(&inner, .max, level: level + 1, &budget)
        break
      }
      let units = Int(try cursor.byte())
      let name = utf16(try cursor.take(2 * units))
      let value = try Self.value(type, &cursor, from: start, level: level, &budget)
      values.append(Named(name: name, value: value))
    }
    return values
  }

  private static let longestUnpacked = 1 << 26

  private static func value(
    _ type: UInt8, _ cursor: inout ByteCursor, from start: Int, level: Int, _ budget: inout Int
  ) throws(FileFault) -> ND2Value {
    switch type {
    case 1: return .number(Double(try cursor.byte()))
    case 2: return .number(Double(Int32(truncatingIfNeeded: try cursor.unsigned(4))))
    case 3: return .number(Double(try cursor.unsigned(4)))
    case 4: return .number(Double(Int64(bitPattern: try cursor.unsigned(8))))
    case 5, 7: return .number(Double(try cursor.unsigned(8)))
    case 6: return .number(Double(bitPattern: try cursor.unsigned(8)))
    case 8:
      var end = cursor.offset
      while end + 1 < cursor.end, cursor.bytes[end] != 0 || cursor.bytes[end + 1] != 0 { end += 2 }
      let text = try cursor.take(end - cursor.offset)
      try cursor.skip(2)
      return .text(utf16(text))
    case 9: return .bytes(try cursor.take(try cursor.length(8)))
    case 11:
      let count = try cursor.length(4)
      let length = try cursor.length(8)
      let values = try records(&cursor, count, level: level + 1, &budget)
      // The items end where the record says; a table of their positions follows.
      try cursor.skip(length - (cursor.offset - start))
      try cursor.skip(min(8 * count, cursor.left))
      return .level(values)
    default:
      throw FileFault("has a value of the unknown type \(type)", byte: cursor.position)
    }
  }

  private static func utf16(_ bytes: ArraySlice<UInt8>) -> String {
    let units = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map {
      UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
    }
    return String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
  }

  // MARK: XML

  /// `<uiWidth runtype="lx_uint32" value="512"/>`, inside of elements for levels.
  private static func xml(_ bytes: [UInt8], _ budget: inout Int) throws(FileFault) -> ND2Value {
    var scan = XMLScan(bytes)
    var open: [(name: String, leaf: ND2Value?, values: [Named])] = [
      ("", nil, [])
    ]
    func close(downTo depth: Int) {
      while open.count > depth {
        let element = open.removeLast()
        open[open.count - 1].values.append(
          Named(name: element.name, value: element.leaf ?? .level(element.values)))
      }
    }
    while let event = scan.next() {
      switch event {
      case .text: continue
      case .close: close(downTo: scan.path.count + 1)
      case .open(let tag):
        budget -= 1
        guard budget > 0 else { throw FileFault("has too many values") }
        let attributes = tag.attributes
        var leaf: ND2Value?
        if let text = attributes["value"] {
          switch attributes["runtype"] ?? "" {
          case "CLxStringW", "CLxStringA": leaf = .text(text)
          case "bool": leaf = .number(text == "true" || text == "1" ? 1 : 0)
          default: leaf = Double(text).map(ND2Value.number) ?? .text(text)
          }
        }
        open.append((tag.name, leaf, []))
      }
    }
    close(downTo: 1)
    // `variant` and `no_name` only enclose the values.
    var value = ND2Value.level(open[0].values)
    while let only = value.children.first, value.children.count == 1,
      only.name == "variant" || only.name == "no_name"
    { value = only.value }
    return value
  }
}
