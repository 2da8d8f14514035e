/// What is done to a table: rows in, rows out, and one line of provenance. Its settings are its properties.
///
/// Most steps are a `StreamingStep` or a `WholeTableStep`; one that remembers rows from batch to batch, such as
/// linking, writes `run` itself.
public protocol TableStep: Sendable {
  /// What provenance calls it: "filter".
  var action: String { get }
  /// The settings, in words.
  var settings: [String: String] { get }

  /// Does the step.
  ///
  /// - Parameters:
  ///   - rows: hands the table to its argument, batch after batch in the order of the file; every batch has the
  ///     same columns, and an empty table has one empty batch.
  ///   - give: takes what the step makes, in the same way.
  func run(
    _ rows: (@escaping (Localizations) throws -> Void) throws -> Void,
    _ give: @escaping (Localizations) throws -> Void
  ) throws
}

extension TableStep {
  public var settings: [String: String] { [:] }
}

/// A step that needs a few rows at a time: tables may be larger than memory.
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

/// The step that changes nothing: what is left is another file format.
public struct Conversion: StreamingStep {
  public init() {}
  public var action: String { "convert" }
  public func apply(to batch: Localizations) -> Localizations { batch }
}

extension Localizations {
  /// Adds the rows of a table with the same columns.
  package mutating func append(contentsOf other: Localizations) {
    frame.append(contentsOf: other.frame)
    for quantity in quantities { self[quantity]?.append(contentsOf: other[quantity] ?? []) }
  }
}
