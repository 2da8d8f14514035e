import Containers
import Foundation
import Microscopy

/// Tables as delimited text: those of `TableDialect.texts`, and rows of numbers without a header.
enum DelimitedTable {
  static func read(
    _ path: String, options: TableOptions, _ body: (Localizations) throws -> Void
  ) throws {
    let reader = try LineReader(path: path)
    var start = Start()
    while start.line.isEmpty, let line = try reader.line() { start.add(line) }
    guard let header = start.header else {
      if start.line.isEmpty {
        throw TableError.unknownKind(path: path, found: "no header")
      }
      if path.hasSuffix("olist.txt"), options.map == nil {
        return try body(Insight3.readList(path, options: options))
      }
      return try readNumbers(path, start, options: options, body)
    }
    // Text above the rows may hold the header in a comment; then the line is the first row.
    if start.isFirstRow { try reader.restart(before: start.lineNumber) }
    try read(reader, header, start.comments, path: path, options: options, body)
  }

  /// The lines up to the header.
  private struct Start {
    private(set) var comments: [String] = []
    private(set) var line = ""
    private(set) var lineNumber = 0

    mutating func add(_ text: String) {
      lineNumber += 1
      if text.hasPrefix("#") || DelimitedHeader.trimmed(text).isEmpty {
        comments.append(text)
      } else {
        line = text
      }
    }

    /// The header, or the last comment if it names a column for each number of the first row.
    var header: DelimitedHeader? {
      if let header = DelimitedHeader(line) { return header }
      guard isFirstRow, let comment = comments.last(where: { $0.count > 1 }) else { return nil }
      return DelimitedHeader(String(comment.dropFirst()))
    }

    /// Whether the first line is a row of numbers below a header in a comment.
    var isFirstRow: Bool {
      guard DelimitedHeader(line) == nil, let numbers = DelimitedHeader(numbers: line),
        let comment = comments.last(where: { $0.count > 1 }),
        let header = DelimitedHeader(String(comment.dropFirst()))
      else { return false }
      return header.columns.count == numbers.columns.count && header.delimiter == numbers.delimiter
    }
  }

  /// Rows without a header, whose columns the caller names.
  private static func readNumbers(
    _ path: String, _ start: Start, options: TableOptions, _ body: (Localizations) throws -> Void
  ) throws {
    guard let header = DelimitedHeader(numbers: start.line) else {
      throw TableError.unknownKind(path: path, found: "text without a header of columns")
    }
    guard options.map != nil else {
      throw TableError.unclear(
        path: path, what: "text without a header of columns",
        remedy:
          "name its columns with \(.map), such as frame=1,x=2,y=3, and their unit with \(.unit)")
    }
    let reader = try LineReader(path: path)
    try reader.restart(before: start.lineNumber)
    try read(reader, header, start.comments, path: path, options: options, body)
  }

  private static func read(
    _ reader: LineReader, _ header: DelimitedHeader, _ comments: [String], path: String,
    options: TableOptions, _ body: (Localizations) throws -> Void
  ) throws {
    var options = options
    var dialect = TableDialect.of(header.columns)
    var template = Localizations()
    switch dialect.name {
    case TableDialect.decode.name:
      let meta = DecodeMeta(comments: comments)
      options.pixelSize = try options.pixelSize ?? meta.pixelSize(path: path)
      dialect = dialect.in(unit: meta.unit)
    case TableDialect.elyra.name:
      options.pixelSize = options.pixelSize ?? ElyraFooter.pixelSize(of: path)
    default:
      if let known = try ThunderstormProtocol(besideTable: path) {
        template.field = known.field
        template.provenance = known.provenance
        options.pixelSize = options.pixelSize ?? known.field.pixelSize
      }
    }
    template.field.pixelSize = options.pixelSize ?? template.field.pixelSize
    try read(
      reader,
      style: DelimitedScanner.Style(
        delimiter: header.delimiter, endsAtNull: dialect.endsAtNull),
      columns: try dialect.uses(of: header.columns, path: path, options: options),
      firstFrame: try dialect.firstFrame(path: path, options: options), template: template,
      path: path, body)
  }

  /// Reads the remaining rows of `reader`; every batch starts as a copy of `template`.
  static func read(
    _ reader: LineReader, style: DelimitedScanner.Style, columns: [ColumnUse], firstFrame: Int,
    template: Localizations, path: String, _ body: (Localizations) throws -> Void
  ) throws {
    var line = reader.lineNumber
    var chunk = try reader.chunk()
    var style = style
    style.hasDecimalCommas =
      try chunk.map {
        try DecimalCommas.areUsed(in: $0, delimiter: style.delimiter, path: path)
      } ?? false
    let columns = chunk.map { withoutText(columns, first: $0, style: style) } ?? columns
    var scanner = DelimitedScanner(
      path: path, style: style, keep: columns.map { $0 != .skipped },
      mayBeText: columns.map(isForeign))
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
      if scanner.hasEnded { break }
      chunk = try reader.chunk()
    }
    if !delivered { try body(batch(scanner)) }
  }

  private static func isForeign(_ column: ColumnUse) -> Bool {
    guard case .quantity(let quantity, _) = column else { return false }
    return Quantity.known[quantity.name] != quantity
  }

  /// Unknown columns whose first field is not a number are skipped.
  private static func withoutText(
    _ columns: [ColumnUse], first: UnsafeBufferPointer<UInt8>, style: DelimitedScanner.Style
  ) -> [ColumnUse] {
    let row = String(decoding: first.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
    let fields = row.split(
      separator: Character(Unicode.Scalar(style.delimiter)), omittingEmptySubsequences: false)
    return columns.indices.map { index in
      guard isForeign(columns[index]), index < fields.count else { return columns[index] }
      var field = DelimitedHeader.trimmed(fields[index].filter { $0 != "\"" })
      if style.hasDecimalCommas { field = field.replacingOccurrences(of: ",", with: ".") }
      return field.isEmpty || Double(field) != nil ? columns[index] : .skipped
    }
  }

  private static func batch(
    _ scanner: borrowing DelimitedScanner, columns: [ColumnUse], firstFrame: Int,
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
          try FrameNumber.fromZero(
            values[row], first: firstFrame, place: "line \(scanner.lines[row])", path: path)
        }
      case .quantity(let quantity, let conversion):
        table[quantity] = values.map { value in
          value * conversion.multiply / conversion.divide + conversion.add
        }
      case .lateralError(let conversion):
        table.setLateralError(values.map { $0 * conversion.multiply / conversion.divide })
      }
    }
    return table
  }
}

/// The lines after the rows of an Elyra table.
enum ElyraFooter {
  /// nm; nil if the file does not state it. The unit is µm in Latin-1.
  static func pixelSize(of path: String) -> Double? {
    guard let file = try? InputFile(path),
      let tail = try? file.bytes(at: max(0, file.size - 1 << 16), count: 1 << 16)
    else { return nil }
    let text = String(decoding: tail, as: UTF8.self)
    guard let name = text.range(of: "VoxelSizeX", options: .backwards) else { return nil }
    let value = text[name.upperBound...].drop { $0 == " " || $0 == ":" }
      .prefix { $0.isNumber || $0 == "." }
    return Double(value).flatMap { 10...1000 ~= 1000 * $0 ? 1000 * $0 : nil }
  }
}
