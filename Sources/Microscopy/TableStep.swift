/// A processing step on tables: rows in, rows out, and one line of provenance. Its properties are
/// its settings.
///
/// Most steps are a `StreamingStep` or a `WholeTableStep`. A step that keeps rows between batches,
/// such as linking, implements `run` itself.
public protocol TableStep: Sendable {
  /// The name in provenance, such as "filter".
  var action: String { get }
  /// The settings as text.
  var settings: [String: String] { get }

  /// Runs the step.
  ///
  /// - Parameters:
  ///   - rows: passes the table to its argument, batch by batch in file order. All batches have the
  ///     same columns; an empty table has one empty batch.
  ///   - give: receives the result in the same way.
  func run(
    _ rows: (@escaping (Localizations) throws -> Void) throws -> Void,
    _ give: @escaping (Localizations) throws -> Void
  ) throws
}

extension TableStep {
  public var settings: [String: String] { [:] }
}

/// A step that needs only a few rows at a time, so that tables can be larger than memory.
public protocol StreamingStep: TableStep {
  func apply(to batch: Localizations) throws -> Localizations
}

extension StreamingStep {
  public func run(
    _ rows: (@escaping (Localizations) throws -> Void) throws -> Void,
    _ give: @escaping (Localizations) throws -> Void
  ) throws {
    try rows { try give(apply(to: $0)) }
  }
}

/// A step that needs all rows at once.
public protocol WholeTableStep: TableStep {
  func apply(to table: Localizations) throws -> Localizations
}

extension WholeTableStep {
  public func run(
    _ rows: (@escaping (Localizations) throws -> Void) throws -> Void,
    _ give: @escaping (Localizations) throws -> Void
  ) throws {
    var table: Localizations?
    try rows { batch in
      if table == nil { table = batch } else { table?.append(contentsOf: batch) }
    }
    if let table { try give(apply(to: table)) }
  }
}

/// The step that changes nothing; it is used to convert between file formats.
public struct Conversion: StreamingStep {
  public init() {}
  public var action: String { "convert" }
  public func apply(to batch: Localizations) -> Localizations { batch }
}

extension Localizations {
  /// Appends the rows of a table with the same columns.
  package mutating func append(contentsOf other: Localizations) {
    frame.append(contentsOf: other.frame)
    for quantity in quantities { self[quantity]?.append(contentsOf: other[quantity] ?? []) }
  }
}
