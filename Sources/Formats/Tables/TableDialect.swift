import Foundation
import Microscopy
import Reporting

/// How a column of a file is used.
enum ColumnUse: Equatable {
  case skipped
  case frame
  case quantity(Quantity, Conversion)
  /// One error for both lateral axes.
  case lateralError(Conversion)
}

/// The conventions of one kind of table: what its columns mean, where the origin is, and how frames
/// are counted.
///
/// Every reader names its columns and lets the dialect give them their meaning, so that the options
/// of `TableOptions` work in the same way for all kinds.
struct TableDialect: Sendable {
  /// A column as it is named in the file.
  struct Column {
    /// The name as written, without quotes and unit.
    var name: String
    /// Empty without a unit.
    var unit = ""

    /// The name in lower case, with one `_` between words: "Position X" is "position_x".
    var key: String { Self.key(name) }

    static func key(_ name: String) -> String {
      name.lowercased().split { " -_.".contains($0) }.joined(separator: "_")
    }
  }

  /// What a column of a certain name means.
  struct Meaning: Sendable {
    enum Target: Hashable, Sendable {
      case quantity(Quantity)
      case lateralError
    }

    var target: Target
    /// The unit if the column states none; nil if it has to state one.
    var unit: String?
    /// The file's value is this many times as large.
    var multiple = 1.0
    /// The names of the column, the preferred one first.
    var keys: [String]

    init(_ quantity: Quantity, _ unit: String?, _ keys: String..., multiple: Double = 1) {
      target = .quantity(quantity)
      (self.unit, self.keys, self.multiple) = (unit, keys, multiple)
    }

    init(lateralError unit: String?, _ keys: String...) {
      target = .lateralError
      (self.unit, self.keys) = (unit, keys)
    }

    var quantity: Quantity {
      if case .quantity(let quantity) = target { quantity } else { .xError }
    }
  }

  /// For users, such as "N-STORM text".
  let name: String
  /// Sets of column names, each of which identifies the dialect.
  var signatures: [Set<String>] = []
  /// The columns that are known, the preferred ones first.
  var meanings: [Meaning]
  /// Names of the frame's column, the preferred one first.
  var frames = ["frame"]
  /// Columns that are derived from others and are not read.
  var derived: Set<String> = []
  /// Coordinate, in pixels, of the first pixel's centre.
  var origin = 0.5
  /// The number of the first frame; nil if programs that write this kind disagree.
  var firstFrame: Int? = 1
  /// Whether rows end at a line that begins with a NUL byte.
  var endsAtNull = false

  /// The first text dialect that the columns fit.
  static func of(_ columns: [Column]) -> TableDialect {
    let keys = Set(columns.map(\.key))
    return texts.first { $0.signatures.contains { keys.isSuperset(of: $0) } } ?? general
  }

  /// The number of the first frame under these options.
  func firstFrame(path: String, options: TableOptions) throws -> Int {
    guard let first = options.firstFrame ?? firstFrame else {
      throw TableError.unclear(
        path: path,
        what: "programs that write this kind of table (\(name)) count frames from 0 or 1",
        remedy: "give the number of the first frame with \(.firstFrame)")
    }
    return first
  }

  /// The use of each column. Throws if x, y or the frame is missing or has no certain meaning.
  func uses(of columns: [Column], path: String, options: TableOptions) throws -> [ColumnUse] {
    var plan = ColumnPlan(self, columns, path: path, options: options)
    return try plan.found()
  }

  /// The table of columns that are in memory.
  ///
  /// - Parameter template: the field and the provenance.
  func table(
    _ columns: [Column], _ values: [[Double]], template: Localizations, path: String,
    options: TableOptions
  ) throws -> Localizations {
    let uses = try uses(of: columns, path: path, options: options)
    let first = try firstFrame(path: path, options: options)
    var table = template
    table.field.pixelSize = options.pixelSize ?? table.field.pixelSize
    for (use, column) in zip(uses, values) {
      switch use {
      case .skipped: break
      case .frame:
        table.frame = try column.enumerated().map { row, value in
          try FrameNumber.fromZero(value, first: first, place: "row \(row + 1)", path: path)
        }
      case .quantity(let quantity, let conversion): table[quantity] = conversion.applied(to: column)
      case .lateralError(let conversion): table.setLateralError(conversion.applied(to: column))
      }
    }
    return table
  }
}

extension Localizations {
  /// Fills the errors in x and y that are not known yet.
  mutating func setLateralError(_ errors: [Double]) {
    if self[.xError] == nil { self[.xError] = errors }
    if self[.yError] == nil { self[.yError] = errors }
  }
}

enum FrameNumber {
  /// Converts a frame number that counts from `first` to one that counts from 0.
  ///
  /// - Parameter place: where it stands in the file.
  static func fromZero(
    _ value: Double, first: Int, place: @autoclosure () -> String, path: String
  ) throws -> Int {
    guard value >= Double(first), value < 1e15, value == value.rounded() else {
      throw TableError.badFrame(path: path, place: place(), value: value, first: first)
    }
    return Int(value) - first
  }
}

/// Finds the use of each column of one file.
private struct ColumnPlan {
  let dialect: TableDialect
  /// With the unit that a name such as "x_nm" ends with.
  let columns: [TableDialect.Column]
  /// What the names mean, without such a unit.
  let keys: [String]
  let path: String
  let options: TableOptions
  var uses: [ColumnUse?]
  var taken: Set<Quantity> = []

  init(
    _ dialect: TableDialect, _ columns: [TableDialect.Column], path: String, options: TableOptions
  ) {
    (self.dialect, self.path, self.options) = (dialect, path, options)
    let lengths = dialect.meanings.filter(\.quantity.unit.isLength).flatMap(\.keys)
    let known = columns.map { column in
      let end = column.key.split(separator: "_").last ?? ""
      let base = column.key.dropLast(end.count + 1)
      let hasUnit = column.unit.isEmpty && FileUnit.isLength(String(end))
      guard hasUnit, lengths.contains(String(base)) else { return (column, column.key) }
      return (TableDialect.Column(name: column.name, unit: String(end)), String(base))
    }
    self.columns = known.map(\.0)
    keys = known.map(\.1)
    uses = Array(repeating: nil, count: columns.count)
  }

  mutating func found() throws -> [ColumnUse] {
    for (name, column) in try options.columnMap { try assign(name, column) }
    try findFrame()
    var refused: [Quantity: Int] = [:]
    for meaning in dialect.meanings { try find(meaning, &refused) }
    for axis in [Quantity.x, .y] where !taken.contains(axis) {
      if let index = refused[axis] { throw unknownUnit(of: index) }
    }
    try findOthers()
    try requirePositions()
    // Errors per axis are preferred to the combined one.
    let hasBoth = taken.contains(.xError) && taken.contains(.yError)
    return uses.map { use in
      if hasBoth, case .lateralError = use { return .skipped }
      return use ?? .skipped
    }
  }

  /// A column that the caller named.
  private mutating func assign(_ name: String, _ column: String) throws {
    let index = try index(of: column)
    if name.lowercased() == "frame" {
      guard uses[index] == nil, !uses.contains(.frame) else { throw saidTwice(name, column) }
      uses[index] = .frame
      return
    }
    let key = TableDialect.Column.key(name)
    let meaning: TableDialect.Meaning
    if let quantity = Quantity.known[key] {
      meaning = TableDialect.Meaning(
        quantity, quantity.unit.isLength ? nil : quantity.unit.rawValue)
    } else if key == "uncertainty" {
      meaning = TableDialect.Meaning(lateralError: nil)
    } else {
      throw TableError.unclear(
        path: path, what: "\(name) is no quantity that a column can be given to",
        remedy: """
          names for \(.map) are frame, uncertainty, \
          \(Quantity.known.keys.sorted().joined(separator: ", "))
          """)
    }
    let quantity = meaning.quantity
    guard uses[index] == nil, !taken.contains(quantity) else { throw saidTwice(name, column) }
    // What the file's own dialect knows about the column includes its unit.
    let own = dialect.meanings.first {
      $0.target == meaning.target && $0.keys.contains(keys[index])
    }
    guard let conversion = try conversion(of: index, own ?? meaning) else {
      throw unknownUnit(of: index)
    }
    taken.insert(quantity)
    uses[index] = use(of: meaning, conversion)
  }

  private func saidTwice(_ name: String, _ column: String) -> TableError {
    .unclear(
      path: path, what: "column \(column) or quantity \(name) is given twice",
      remedy: "name each of them once in \(.map)")
  }

  private func index(of column: String) throws -> Int {
    let key = TableDialect.Column.key(column)
    func titles(_ column: TableDialect.Column) -> [String] {
      [column.name, "\(column.name) [\(column.unit)]", "\(column.name) (\(column.unit))"]
    }
    let exact = columns.indices.filter { titles(columns[$0]).contains(column) }
    let found = exact.isEmpty ? columns.indices.filter { columns[$0].key == key } : exact
    guard let index = found.first else {
      throw TableError.missingColumns(
        path: path, missing: [column], found: columns.map(\.name))
    }
    return index
  }

  private mutating func findFrame() throws {
    guard !uses.contains(.frame) else { return }
    for key in dialect.frames {
      let found = columns.indices.filter { keys[$0] == key && uses[$0] == nil }
      if found.count > 1 { throw twice("frame") }
      if let index = found.first {
        uses[index] = .frame
        return
      }
    }
  }

  /// Gives a quantity the best of its columns: by name, then the spelling of Glint, then lengths
  /// before pixels.
  private mutating func find(
    _ meaning: TableDialect.Meaning, _ refused: inout [Quantity: Int]
  ) throws {
    guard meaning.target == .lateralError || !taken.contains(meaning.quantity) else { return }
    for key in meaning.keys {
      let found = columns.indices.filter { keys[$0] == key && uses[$0] == nil }.sorted {
        rank($0, key) < rank($1, key)
      }
      for index in found {
        guard let conversion = try conversion(of: index, meaning) else {
          refused[meaning.quantity] = refused[meaning.quantity] ?? index
          continue
        }
        if meaning.target != .lateralError { taken.insert(meaning.quantity) }
        uses[index] = use(of: meaning, conversion)
        // The same in another unit says nothing new.
        for other in found where other != index && uses[other] == nil {
          if FileUnit.isLength(columns[other].unit), columns[other].unit != columns[index].unit {
            uses[other] = .skipped
          }
        }
        return
      }
    }
  }

  private func rank(_ index: Int, _ key: String) -> Int {
    let column = columns[index]
    let unit = FileUnit.pixels.contains(column.unit.lowercased()) ? 1 : column.unit.isEmpty ? 2 : 0
    return 2 * unit + (column.name == key ? 0 : 1)
  }

  private func conversion(of index: Int, _ meaning: TableDialect.Meaning) throws -> Conversion? {
    let quantity = meaning.quantity
    var unit = columns[index].unit
    if unit.isEmpty, quantity.unit.isLength, let said = options.unit {
      // Heights are never in pixels.
      let axial = quantity.unit == .nanometre && said == .px
      unit = axial ? meaning.unit ?? TableUnit.nm.rawValue : said.rawValue
    }
    if unit.isEmpty { unit = meaning.unit ?? "" }
    guard
      var conversion = try FileUnit.conversion(
        from: unit, to: quantity, path: path, options: options)
    else { return nil }
    conversion.divide *= meaning.multiple
    if quantity == .x || quantity == .y { conversion.add = -dialect.origin }
    return conversion
  }

  private func use(of meaning: TableDialect.Meaning, _ conversion: Conversion) -> ColumnUse {
    switch meaning.target {
    case .quantity(let quantity): .quantity(quantity, conversion)
    case .lateralError: .lateralError(conversion)
    }
  }

  /// Columns without a known meaning keep their name. One without a name is an index of rows.
  private mutating func findOthers() throws {
    for index in columns.indices where uses[index] == nil {
      let column = columns[index]
      if keys[index].isEmpty || keys[index].hasPrefix("unnamed:") || isDerived(keys[index]) {
        uses[index] = .skipped
        continue
      }
      let unit = column.unit.isEmpty ? defaultUnit(of: keys[index]) : column.unit
      let foreign = FileUnit.foreign(column.name, unit: unit)
      guard taken.insert(foreign).inserted else { throw twice(column.name) }
      uses[index] = .quantity(foreign, Conversion())
    }
  }

  private func isDerived(_ key: String) -> Bool {
    dialect.derived.contains(key) && taken.contains(.sigmaX) && taken.contains(.sigmaY)
  }

  /// Other columns of positions, such as uncorrected ones, have the unit of those that are read.
  private func defaultUnit(of key: String) -> String {
    guard let unit = dialect.meanings.first(where: { $0.keys.contains(key) })?.unit else {
      return ""
    }
    return Unit(rawValue: unit) == nil ? "" : unit
  }

  private func requirePositions() throws {
    var missing = [Quantity.x, .y].filter { !taken.contains($0) }.map(\.name)
    if !uses.contains(.frame) { missing.append("frame") }
    guard missing.isEmpty else {
      throw TableError.missingColumns(
        path: path, missing: missing, found: columns.map(\.name))
    }
  }

  private func unknownUnit(of index: Int) -> TableError {
    let (name, unit) = (columns[index].name, columns[index].unit)
    return .unclear(
      path: path,
      what: "column \(name) has "
        + (unit.isEmpty ? "no unit" : "the unit \"\(unit)\", which is not known"),
      remedy: unit.isEmpty
        ? "give the unit of positions with \(.unit): nm, px or um"
        : "units of length are nm, um, mm, m and px; choose another column with \(.map)")
  }

  private func twice(_ name: String) -> TableError {
    .unclear(
      path: path, what: "two columns are named \(name)",
      remedy: "rename one of them, or choose columns with \(.map)")
  }
}
