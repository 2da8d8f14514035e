/// Whether numbers of a text have decimals after a comma, as in some countries.
///
/// "1,234" may also be a number with a separator of thousands. It has decimals if semicolons
/// separate the columns, as those countries' spreadsheets do, or if some number of the file cannot
/// have such separators: "0,5", "12,34" or "1234,567".
enum DecimalCommas {
  /// The bytes that are examined.
  private static let sample = 1 << 16

  /// - Parameter text: lines of rows.
  static func areUsed(
    in text: UnsafeBufferPointer<UInt8>, delimiter: UInt8, path: String
  ) throws -> Bool {
    let comma = UInt8(ascii: ",")
    func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
    var doubtful: String?
    var isQuoted = false
    for index in 0..<min(text.count, sample) {
      let byte = text[index]
      if byte == 10 { isQuoted = false }
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      guard byte == comma, delimiter != comma || isQuoted, index > 0, index + 1 < text.count,
        isDigit(text[index - 1]), isDigit(text[index + 1])
      else { continue }
      let before = text[..<index].reversed().prefix(while: isDigit)
      let after = text[(index + 1)...].prefix(while: isDigit)
      if delimiter == UInt8(ascii: ";") || before.count > 3 || after.count != 3
        || before.last == UInt8(ascii: "0")
      {
        return true
      }
      doubtful = String(
        decoding: Array(before.reversed()) + [comma] + Array(after), as: UTF8.self)
    }
    guard let doubtful else { return false }
    throw TableError.unclear(
      path: path, what: "\(doubtful) may have decimals or a separator of thousands",
      remedy: "write the table with decimal points and without separators of thousands")
  }
}
