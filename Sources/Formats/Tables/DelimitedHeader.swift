import Microscopy

/// The header line of a delimited table: its delimiter, and per column a name and a unit.
struct DelimitedHeader {
  let delimiter: UInt8
  /// Their units are the text in [brackets] or (parentheses) after the name.
  let columns: [TableDialect.Column]

  /// nil if the line is not a header: no delimiter, or only numbers.
  init?(_ line: String) {
    let line = line.hasPrefix("\u{FEFF}") ? String(line.dropFirst()) : line
    guard let delimiter = Self.delimiter(of: line) else { return nil }
    var fields = Self.split(line, by: delimiter)
    // Spreadsheets may quote the whole header line as one field.
    if fields.count == 1, let inner = Self.delimiter(of: fields[0]) {
      fields = Self.split(fields[0], by: inner)
    }
    guard fields.count > 1, fields.contains(where: { Double($0) == nil }) else { return nil }
    self.delimiter = delimiter
    columns = fields.map(Self.column)
  }

  private static func delimiter(of line: String) -> UInt8? {
    let counts = [UInt8(ascii: ","), UInt8(ascii: ";"), 9].map { candidate in
      (candidate, line.utf8.count { $0 == candidate })
    }
    return counts.max { $0.1 < $1.1 }.flatMap { $0.1 > 0 ? $0.0 : nil }
  }

  /// Columns of rows without a header, named 1, 2, …; nil if the line is not a row of numbers.
  init?(numbers line: String) {
    var delimiter = Self.delimiter(of: line)
    // Tabs separate like blanks, but an empty field between two of them counts.
    if delimiter == nil { delimiter = UInt8(ascii: " ") }
    let fields = line.split(
      separator: Character(Unicode.Scalar(delimiter!)), omittingEmptySubsequences: delimiter == 32)
    guard fields.count > 1, fields.allSatisfy({ Double(Self.trimmed(String($0))) != nil }) else {
      return nil
    }
    self.delimiter = delimiter!
    columns = fields.indices.map { TableDialect.Column(name: "\($0 + 1)") }
  }

  /// Fields without surrounding quotes and blanks; a doubled quote means one quote.
  private static func split(_ line: String, by delimiter: UInt8) -> [String] {
    var fields: [[UInt8]] = [[]]
    var quoted = false
    let bytes = Array(line.utf8)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        if quoted, index + 1 < bytes.count, bytes[index + 1] == byte {
          fields[fields.count - 1].append(byte)
          index += 1
        } else {
          quoted.toggle()
        }
      } else if byte == delimiter, !quoted {
        fields.append([])
      } else {
        fields[fields.count - 1].append(byte)
      }
      index += 1
    }
    return fields.map { trimmed(String(decoding: $0, as: UTF8.self)) }
  }

  /// "x [nm]" and "X (nm)" are the name x in nm.
  private static func column(_ field: String) -> TableDialect.Column {
    let field = trimmed(field.filter { $0 != "\"" })
    for (opening, closing) in [("[", "]"), ("(", ")")] {
      guard field.hasSuffix(closing), let place = field.lastIndex(of: Character(opening)) else {
        continue
      }
      let unit = field[field.index(after: place)...].dropLast()
      return TableDialect.Column(
        name: trimmed(String(field[..<place])), unit: trimmed(String(unit)))
    }
    return TableDialect.Column(name: field)
  }

  static func trimmed(_ text: String) -> String {
    var text = text[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
