import Foundation
import Microscopy

/// Tables as delimited text with a header: ThunderSTORM, NAIRR, SMLM challenge, DECODE.
enum DelimitedTable {
  static func read(
    _ path: String, options: TableOptions, _ body: (Localizations) throws -> Void
  ) throws {
    let reader = try LineReader(path: path)
    var comments: [String] = []
    var headerLine = ""
    while let line = try reader.line() {
      if !line.hasPrefix("#"), !DelimitedHeader.trimmed(line).isEmpty {
        headerLine = line
        break
      }
      comments.append(line)
    }
    guard let header = DelimitedHeader(headerLine) else {
      if path.hasSuffix("olist.txt") {
        return try body(Insight3.readList(path, options: options))
      }
      throw TableError.unknownKind(
        path: path, found: headerLine.isEmpty ? "no header" : "text without a header of columns")
    }
    let dialect = try TextDialect(header, comments: comments, path: path, options: options)
    let columns = try dialect.columns(header, path: path, line: reader.lineNumber - 1)
    var template = Localizations(field: dialect.field)
    template.provenance = dialect.provenance
    try read(
      reader, delimiter: header.delimiter, columns: columns, firstFrame: dialect.firstFrame,
      template: template, path: path, body)
  }

  /// Reads the remaining rows of `reader`; every batch starts as a copy of `template`.
  static func read(
    _ reader: LineReader, delimiter: UInt8, columns: [TextColumn], firstFrame: Int,
    template: Localizations, path: String, _ body: (Localizations) throws -> Void
  ) throws {
    var line = reader.lineNumber
    var chunk = try reader.chunk()
    let columns = chunk.map { withoutText(columns, first: $0, delimiter: delimiter) } ?? columns
    var scanner = DelimitedScanner(
      path: path, delimiter: delimiter, keep: columns.map { $0 != .skipped })
    func batch(_ scanner: borrowing DelimitedScanner) throws -> Localizations {
      try Self.batch(
        scanner, columns: columns, firstFrame: firstFrame, template: template, path: path)
    }
    var delivered = false
    while var rest = chunk {
      while !rest.isEmpty {
        let consumed = try scanner.scan(rest, line: &line)
        rest = UnsafeBufferPointer(rebasing: rest.dropFirst(consumed))
        if scanner.lines.isEmpty { continue }
        try body(batch(scanner))
        scanner.removeRows()
        delivered = true
      }
      chunk = try reader.chunk()
    }
    if !delivered { try body(batch(scanner)) }
  }

  /// Unknown columns whose first field is not a number are skipped.
  private static func withoutText(
    _ columns: [TextColumn], first: UnsafeBufferPointer<UInt8>, delimiter: UInt8
  ) -> [TextColumn] {
    let row = String(decoding: first.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
    let fields = row.split(
      separator: Character(Unicode.Scalar(delimiter)), omittingEmptySubsequences: false)
    return columns.indices.map { index in
      guard case .quantity(let quantity, _) = columns[index], Quantity.known[quantity.name] == nil,
        index < fields.count
      else { return columns[index] }
      let field = DelimitedHeader.trimmed(fields[index].filter { $0 != "\"" })
      return field.isEmpty || Double(field) != nil ? columns[index] : .skipped
    }
  }

  private static func batch(
    _ scanner: borrowing DelimitedScanner, columns: [TextColumn], firstFrame: Int,
    template: Localizations, path: String
  ) throws -> Localizations {
    var table = template
    var slot = 0
    for column in columns where column != .skipped {
      let values = scanner.column(slot)
      slot += 1
      switch column {
      case .skipped: break
      case .frame:
        table.frame = try values.indices.map { row in
          try frame(values[row], first: firstFrame, line: scanner.lines[row], path: path)
        }
      case .quantity(let quantity, let conversion):
        table[quantity] = values.map { value in
          value * conversion.multiply / conversion.divide + conversion.add
        }
      case .lateralError(let conversion):
        let errors = values.map { $0 * conversion.multiply / conversion.divide }
        if table[.xError] == nil { table[.xError] = errors }
        if table[.yError] == nil { table[.yError] = errors }
      }
    }
    return table
  }

  /// Converts a frame number that counts from `first` to one that counts from 0.
  static func frame(_ value: Double, first: Int, line: Int, path: String) throws -> Int {
    guard value >= Double(first), value < 1e15, value == value.rounded() else {
      throw TableError.badRow(
        path: path, line: line,
        reason:
          "frame \(value) is not a whole number of at least \(first), where this format begins"
      )
    }
    return Int(value) - first
  }
}
