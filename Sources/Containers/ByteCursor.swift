/// Reads a file's bytes in forward direction, never past their end.
package struct ByteCursor {
  package let bytes: [UInt8]
  package let end: Int
  package private(set) var offset: Int
  /// Position of `bytes` in the file; faults state positions from the file's first byte.
  private let origin: Int

  /// Reads `bytes[from..<to]`; `to` nil: up to the end.
  package init(
    _ bytes: [UInt8], from: Int = 0, to: Int? = nil, origin: Int = 0
  ) throws(FileFault) {
    let end = to ?? bytes.count
    guard from >= 0, from <= end, end <= bytes.count else {
      throw FileFault("points outside of the file", byte: origin &+ from)
    }
    self.bytes = bytes
    self.end = end
    self.origin = origin
    offset = from
  }

  package var left: Int { end - offset }
  package var atEnd: Bool { offset == end }
  /// The position in the file.
  package var position: Int { origin + offset }

  /// Skips the next `count` bytes and returns their range.
  package mutating func range(_ count: Int) throws(FileFault) -> Range<Int> {
    guard count >= 0, count <= left else {
      throw FileFault(
        "ends \(count < 0 ? "too early" : "\(count - left) bytes too early")", byte: origin + end)
    }
    defer { offset += count }
    return offset..<offset + count
  }

  package mutating func skip(_ count: Int) throws(FileFault) { _ = try range(count) }

  package mutating func take(_ count: Int) throws(FileFault) -> ArraySlice<UInt8> {
    bytes[try range(count)]
  }

  /// A cursor over the next `count` bytes; this cursor skips them.
  package mutating func part(_ count: Int) throws(FileFault) -> ByteCursor {
    let range = try range(count)
    return try ByteCursor(bytes, from: range.lowerBound, to: range.upperBound, origin: origin)
  }

  package mutating func byte() throws(FileFault) -> UInt8 { bytes[try range(1).lowerBound] }

  /// An unsigned little-endian number of `width` bytes, at most eight.
  package mutating func unsigned(_ width: Int) throws(FileFault) -> UInt64 {
    let range = try range(width)
    var value: UInt64 = 0
    for place in range.reversed() { value = value << 8 | UInt64(bytes[place]) }
    return value
  }

  /// A length or an address: an unsigned little-endian number that fits into an Int.
  package mutating func length(_ width: Int) throws(FileFault) -> Int {
    let at = position
    guard let value = Int(exactly: try unsigned(width)) else {
      throw FileFault("states an impossible length", byte: at)
    }
    return value
  }

  package mutating func text(_ count: Int) throws(FileFault) -> String {
    let at = position
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw FileFault("has text that is not UTF-8", byte: at)
    }
    return text
  }

  /// Text up to a line feed, which is skipped.
  package mutating func line() throws(FileFault) -> String {
    guard let feed = bytes[offset..<end].firstIndex(of: UInt8(ascii: "\n")) else {
      throw FileFault("ends within a line", byte: origin + end)
    }
    let text = try text(feed - offset)
    try skip(1)
    return text
  }

  /// Zero-terminated text; invalid UTF-8 is replaced.
  package mutating func zeroEnded() throws(FileFault) -> String {
    guard let zero = bytes[offset..<end].firstIndex(of: 0) else {
      throw FileFault("has a name without an end", byte: position)
    }
    defer { offset = zero + 1 }
    return String(decoding: bytes[offset..<zero], as: UTF8.self)
  }
}
