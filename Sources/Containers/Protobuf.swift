/// Protocol-buffer messages, read and written field by field.
///
/// ONNX uses nine message kinds. This reads them without generated code, skips unknown fields, and
/// checks every length. Source: protobuf.dev/programming-guides/encoding.
package struct ProtobufReader {
  package enum Field {
    case number(UInt64)
    case fixed(UInt32)
    case bytes(Range<Int>)
  }

  private var cursor: ByteCursor

  package init(_ bytes: [UInt8], _ range: Range<Int>) throws(FileFault) {
    cursor = try ByteCursor(bytes, from: range.lowerBound, to: range.upperBound)
  }

  /// The next field's number and value; nil at the end of the message.
  package mutating func next() throws(FileFault) -> (number: Int, field: Field)? {
    while !cursor.atEnd {
      let at = cursor.offset
      let key = try varint()
      guard key >> 3 > 0, key >> 3 < 1 << 29 else {
        throw FileFault("has a field without a number", byte: at)
      }
      let number = Int(key >> 3)
      switch key & 7 {
      case 0: return (number, .number(try varint()))
      case 1: return (number, .bytes(try cursor.range(8)))
      case 2:
        guard let count = Int(exactly: try varint()) else {
          throw FileFault("states an impossible length", byte: at)
        }
        return (number, .bytes(try cursor.range(count)))
      case 5: return (number, .fixed(UInt32(try cursor.unsigned(4))))
      default: throw FileFault("has a field of an unknown kind", byte: at)
      }
    }
    return nil
  }

  /// One number of a packed field; nil at its end.
  package mutating func nextPacked() throws(FileFault) -> UInt64? {
    cursor.atEnd ? nil : try varint()
  }

  private mutating func varint() throws(FileFault) -> UInt64 {
    let at = cursor.offset
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      let byte = UInt64(try cursor.byte())
      value |= (byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw FileFault("has a number of more than ten bytes", byte: at)
  }
}

/// A message being written.
package struct ProtobufWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func number(_ field: Int, _ value: Int) {
    varint(UInt64(field << 3))
    varint(UInt64(bitPattern: Int64(value)))
  }

  package mutating func float(_ field: Int, _ value: Float) {
    varint(UInt64(field << 3 | 5))
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  package mutating func data(_ field: Int, _ value: some Collection<UInt8>) {
    varint(UInt64(field << 3 | 2))
    varint(UInt64(value.count))
    bytes += value
  }

  package mutating func text(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

  package mutating func message(_ field: Int, _ fill: (inout ProtobufWriter) -> Void) {
    var message = ProtobufWriter()
    fill(&message)
    data(field, message.bytes)
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
