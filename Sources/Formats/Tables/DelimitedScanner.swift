import Foundation

/// Parses rows of numbers from text into columns of Double.
///
/// A field may be quoted and surrounded by blanks; an empty field is NaN. Lines that are blank, have
/// only empty fields or begin with # are skipped. If the delimiter is a blank, any run of blanks
/// separates fields.
struct DelimitedScanner: ~Copyable {
  /// The maximum number of rows in `columns`.
  static let capacity = 16_384

  /// How the text is written.
  struct Style {
    var delimiter: UInt8
    /// Whether a comma separates the decimals.
    var hasDecimalCommas = false
    /// Whether rows end at a line that begins with a NUL byte.
    var endsAtNull = false
  }

  private let path: String
  private let style: Style
  private let delimiter: UInt8
  /// The column of each field of a row; -1 for a field that is not read.
  private let slots: [Int]
  /// Fields in which text means no number.
  private let mayBeText: [Bool]
  /// Whether the end of the rows was found before the end of the file.
  private(set) var hasEnded = false
  /// Columns one after the other, `capacity` values each.
  private let values: UnsafeMutablePointer<Double>
  /// The line of each row.
  private(set) var lines: [Int] = []

  /// - Parameters:
  ///   - keep: the fields to read.
  ///   - mayBeText: fields in which text is no error; none by default.
  init(path: String, style: Style, keep: [Bool], mayBeText: [Bool]? = nil) {
    self.path = path
    self.style = style
    delimiter = style.delimiter
    self.mayBeText = mayBeText ?? Array(repeating: false, count: keep.count)
    var next = 0
    slots = keep.map { kept in
      defer { next += kept ? 1 : 0 }
      return kept ? next : -1
    }
    values = .allocate(capacity: max(1, next) * Self.capacity)
    lines.reserveCapacity(Self.capacity)
  }

  deinit { values.deallocate() }

  /// The values of a kept column, by its index among the kept columns.
  func column(_ index: Int) -> UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: values + index * Self.capacity, count: lines.count)
  }

  /// Reads rows until the end of `text`, which ends with a line feed, or until the capacity is
  /// reached. Returns the number of bytes consumed and advances `line`.
  mutating func scan(_ text: UnsafeBufferPointer<UInt8>, line: inout Int) throws -> Int {
    guard let base = text.baseAddress else { return 0 }
    let end = base + text.count
    var place = base
    while place < end, lines.count < Self.capacity {
      skipBlanks(&place)
      if place[0] == 13 { place += 1 }
      if place[0] == 0, style.endsAtNull {
        hasEnded = true
        return text.count
      }
      if place[0] == 10 || place[0] == UInt8(ascii: "#") || isEmptyRow(place) {
        place =
          UnsafePointer(memchr(place, 10, end - place)!.assumingMemoryBound(to: UInt8.self)) + 1
      } else {
        try scanRow(&place, line: line)
        lines.append(line)
      }
      line += 1
    }
    return place - base
  }

  /// Clears the rows read so far.
  mutating func removeRows() { lines.removeAll(keepingCapacity: true) }

  @inline(__always)
  private func skipBlanks(_ place: inout UnsafePointer<UInt8>) {
    while place[0] == 32 || (place[0] == 9 && delimiter != 9) { place += 1 }
  }

  /// Whether all fields of a row are empty.
  @inline(__always)
  private func isEmptyRow(_ start: UnsafePointer<UInt8>) -> Bool {
    guard start[0] == delimiter || start[0] == UInt8(ascii: "\"") else { return false }
    var place = start
    while place[0] == delimiter || place[0] == 32 || place[0] == UInt8(ascii: "\"")
      || place[0] == 13
    { place += 1 }
    return place[0] == 10
  }

  @inline(__always)
  private func scanRow(_ place: inout UnsafePointer<UInt8>, line: Int) throws {
    let row = values + lines.count
    for field in 0..<slots.count {
      if field > 0 {
        if place[0] == delimiter, delimiter != 32 {
          place += 1
        } else if delimiter != 32 || (place[-1] != 32 && place[-1] != 9) {
          throw error(line, "\(slots.count) columns expected, \(field) found")
        }
      }
      skipBlanks(&place)
      let quoted = place[0] == UInt8(ascii: "\"")
      if quoted { place += 1 }
      let slot = slots[field]
      if slot >= 0 {
        if let value = number(&place, quoted: quoted) {
          row[slot * Self.capacity] = value
        } else if isEmpty(place, quoted: quoted) {
          if delimiter == 32 {
            throw error(line, "\(slots.count) columns expected, \(field) found")
          }
          row[slot * Self.capacity] = .nan
        } else if mayBeText[field] {
          row[slot * Self.capacity] = .nan
          skipField(&place, quoted: quoted)
        } else {
          throw error(line, "\"\(fieldText(place))\" in column \(field + 1) is not a number")
        }
      } else {
        skipField(&place, quoted: quoted)
      }
      if quoted, place[0] == UInt8(ascii: "\"") { place += 1 }
      skipBlanks(&place)
    }
    // A trailing delimiter is common.
    if place[0] == delimiter { place += 1 }
    skipBlanks(&place)
    if place[0] == 13 { place += 1 }
    guard place[0] == 10 else {
      throw error(
        line, "\"\(fieldText(place))\" stands where the row of \(slots.count) columns ends")
    }
    place += 1
  }

  @inline(__always)
  private func number(_ place: inout UnsafePointer<UInt8>, quoted: Bool) -> Double? {
    if style.hasDecimalCommas, quoted || delimiter != UInt8(ascii: ",") {
      return numberWithComma(&place)
    }
    return DecimalText.read(&place)
  }

  /// Reads a number whose decimals may follow a comma.
  @inline(never)
  private func numberWithComma(_ place: inout UnsafePointer<UInt8>) -> Double? {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { copy in
      guard let start = copy.baseAddress else { return nil }
      var count = 0
      var commas = 0
      while count < 63, place[count] != 10, place[count] != 13,
        place[count] != delimiter
          || place[count] == UInt8(ascii: ",")
      {
        let isComma = place[count] == UInt8(ascii: ",")
        commas += isComma ? 1 : 0
        if commas > 1 { break }
        start[count] = isComma ? UInt8(ascii: ".") : place[count]
        count += 1
      }
      start[count] = 10
      var end = UnsafePointer(start)
      guard let value = DecimalText.read(&end) else { return nil }
      place += end - UnsafePointer(start)
      return value
    }
  }

  private func isEmpty(_ place: UnsafePointer<UInt8>, quoted: Bool) -> Bool {
    let byte = place[0]
    return byte == delimiter || byte == 10 || byte == 13
      || (quoted && byte == UInt8(ascii: "\""))
  }

  private func skipField(_ place: inout UnsafePointer<UInt8>, quoted: Bool) {
    let closing = quoted ? UInt8(ascii: "\"") : delimiter
    while place[0] != closing, place[0] != 10, place[0] != 13 { place += 1 }
  }

  private func fieldText(_ place: UnsafePointer<UInt8>) -> String {
    var end = place
    while end - place < 40, end[0] != delimiter, end[0] != 10, end[0] != 13 { end += 1 }
    return String(decoding: UnsafeBufferPointer(start: place, count: end - place), as: UTF8.self)
  }

  @inline(never)
  private func error(_ line: Int, _ reason: String) -> TableError {
    .badRow(path: path, line: line, reason: reason)
  }
}
