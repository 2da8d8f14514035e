import Foundation

/// Parses rows of numbers from text into columns of Double.
///
/// A field may be quoted and surrounded by blanks; an empty field is NaN. Blank lines and lines
/// that begin with # are skipped. If the delimiter is a blank, any run of blanks separates fields.
struct DelimitedScanner: ~Copyable {
  /// The maximum number of rows in `columns`.
  static let capacity = 16_384

  private let path: String
  private let delimiter: UInt8
  /// The column of each field of a row; -1 for a field that is not read.
  private let slots: [Int]
  /// Columns one after the other, `capacity` values each.
  private let values: UnsafeMutablePointer<Double>
  /// The line of each row.
  private(set) var lines: [Int] = []

  init(path: String, delimiter: UInt8, keep: [Bool]) {
    self.path = path
    self.delimiter = delimiter
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
      if place[0] == 10 || place[0] == UInt8(ascii: "#") {
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
        if let value = DecimalText.read(&place) {
          row[slot * Self.capacity] = value
        } else if isEmpty(place, quoted: quoted) {
          if delimiter == 32 {
            throw error(line, "\(slots.count) columns expected, \(field) found")
          }
          row[slot * Self.capacity] = .nan
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
