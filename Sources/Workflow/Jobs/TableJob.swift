import Formats
import Foundation
import Localization
import Microscopy
import Reporting

/// Reads a table, applies steps and writes the result: the work of every command on tables.
///
/// ```swift
/// try TableJob("locs.hdf5", steps: [Conversion()]).run(to: "locs.csv")
/// ```
public struct TableJob {
  let input: String
  let options: TableOptions
  let steps: [any TableStep]
  let observer: (any Observer)?

  /// - Parameters:
  ///   - input: any table that `Tables` reads.
  ///   - options: information that the file does not contain.
  ///   - steps: applied in order; each adds a line of provenance.
  ///   - observer: is told how many rows cannot be used.
  public init(
    _ input: String, options: TableOptions = TableOptions(), steps: [any TableStep] = [],
    observer: (any Observer)? = nil
  ) {
    self.input = input
    self.options = options
    self.steps = steps
    self.observer = observer
  }

  /// Writes the result as a table. If anything fails, no file appears under the name.
  ///
  /// - Returns: the number of rows written.
  /// - Throws: `OutputError` if a file exists, before the input is read.
  @discardableResult
  public func run(
    to output: String, columns: Tables.Columns = .all, overwrite: Bool = false
  ) throws -> Int {
    var names = OutputNames(inputs: [], overwrite: overwrite)
    try names.add(table: output)
    return try run { field, quantities in
      try Tables.writer(
        path: output, field: field, quantities: quantities, columns: columns,
        overwrite: overwrite)
    }
  }

  /// Passes the result to a writer, which is opened once columns and field are known.
  @discardableResult
  public func run(
    into open: @escaping (FieldOfView, [Quantity]) throws -> any TableWriter
  ) throws -> Int {
    try options.checkRanges()
    var writer: (any TableWriter)?
    var provenance: [ProvenanceStep] = []
    var rows = 0
    do {
      try feed(steps[...]) { batch in
        let target = try writer ?? open(batch.field, batch.quantities)
        if writer == nil { (writer, provenance) = (target, batch.provenance) }
        try target.append(batch)
        rows += batch.count
      }
      provenance += steps.map { step in
        ProvenanceStep(
          program: "Glint", version: glintVersion, action: step.action,
          settings: step.settings.merging(["input": input]) { own, _ in own })
      }
      try writer?.finish(provenance)
    } catch {
      writer?.abandon()
      throw error
    }
    return rows
  }

  /// The rows of the input after this number of steps.
  private func feed(
    _ steps: ArraySlice<any TableStep>, _ give: @escaping (Localizations) throws -> Void
  ) throws {
    guard let last = steps.last else {
      return try Tables.forEachBatch(in: input, options: options, observer: observer) { batch in
        var batch = batch
        batch.field.pixelSize = batch.field.pixelSize ?? options.pixelSize
        try give(batch)
      }
    }
    try last.run({ try feed(steps.dropLast(), $0) }, give)
  }
}
