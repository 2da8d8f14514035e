/// A place in a file's bytes that is read forward and never past its end.
struct ByteCursor {
  let bytes: [UInt8]
  let end: Int
  private(set) var offset: Int

  /// Reads `bytes[from..<to]`; `to` nil for the end of the file.
  init(_ bytes: [UInt8], from: Int = 0, to: Int? = nil) throws(FileFault) {
    let end = to ?? bytes.count
    guard from >= 0, from <= end, end <= bytes.count else {
      throw FileFault("points outside of the file", byte: from)
    }
    self.bytes = bytes
    self.end = end
    offset = from
  }

  var left: Int { end - offset }
  var atEnd: Bool { offset == end }

  /// The range of the next `count` bytes, which it passes over.
  mutating func range(_ count: Int) throws(FileFault) -> Range<Int> {
    guard count >= 0, count <= left else {
      throw FileFault(
        "ends \(count < 0 ? "too early" : "\(count - left) bytes too early")", byte: end)
    }
    defer { offset += count }
    return offset..<offset + count
  }

  mutating func skip(_ count: Int) throws(FileFault) { _ = try range(count) }

  mutating func take(_ count: Int) throws(FileFault) -> ArraySlice<UInt8> {
    bytes[try range(count)]
  }

  mutating func byte() throws(FileFault) -> UInt8 { bytes[try range(1).lowerBound] }

  /// An unsigned little-endian number of `width` bytes.
  mutating func unsigned(_ width: Int) throws(FileFault) -> UInt64 {
    try take(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A length or an address: an unsigned little-endian number that fits an Int.
  mutating func length(_ width: Int) throws(FileFault) -> Int {
    let at = offset
    guard let value = Int(exactly: try unsigned(width)) else {
      throw FileFault("states an impossible length", byte: at)
    }
    return value
  }

  mutating func text(_ count: Int) throws(FileFault) -> String {
    let at = offset
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw FileFault("has text that is not UTF-8", byte: at)
    }
    return text
  }

  /// Text up to a line feed, which is passed over.
  mutating func line() throws(FileFault) -> String {
    guard let feed = bytes[offset..<end].firstIndex(of: UInt8(ascii: "\n")) else {
      throw FileFault("ends within a line", byte: end)
    }
    let text = try text(feed - offset)
    try skip(1)
    return text
  }

  /// Text of at most `limit` bytes that a zero ends.
  mutating func zeroEnded(limit: Int = 1024) throws(FileFault) -> String {
    let start = offset
    guard let zero = bytes[offset..<min(end, offset + limit)].firstIndex(of: 0) else {
      throw FileFault("has a name without an end", byte: start)
    }
    let text = try text(zero - start)
    try skip(1)
    return text
  }
}

/// What is wrong with a file, before its path is known.
struct FileFault: Error {
  let reason: String
  let byte: Int?
  /// What can be done about it; nil where only a whole file helps.
  let hint: String?

  init(_ reason: String, byte: Int? = nil, hint: String? = nil) {
    self.reason = reason
    self.byte = byte
    self.hint = hint
  }
}
