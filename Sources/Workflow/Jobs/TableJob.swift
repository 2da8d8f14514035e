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
  let cancellation: Cancellation

  /// - Parameters:
  ///   - input: any table that `Tables` reads.
  ///   - options: information that the file does not contain.
  ///   - steps: applied in order; each adds a line of provenance.
  ///   - observer: is told how many rows cannot be used, and what is kept if the work stops.
  ///   - cancellation: stops the work when it is triggered.
  public init(
    _ input: String, options: TableOptions = TableOptions(), steps: [any TableStep] = [],
    observer: (any Observer)? = nil, cancellation: Cancellation = Cancellation()
  ) {
    self.input = input
    self.options = options
    self.steps = steps
    self.observer = observer
    self.cancellation = cancellation
  }

  /// Writes the result as a table. If it is stopped or the disk is full, the rows so far are kept
  /// under a name with `.partial` in it; if anything else fails, nothing is.
  ///
  /// - Returns: the number of rows written.
  /// - Throws: `OutputError` if a file exists, before the input is read.
  @discardableResult
  public func run(
    to output: String, columns: Tables.Columns = .all, overwrite: Bool = false
  ) throws -> Int {
    var names = OutputNames(inputs: [input], overwrite: overwrite)
    try names.add(table: output)
    return try run(partial: output) { field, quantities in
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
    try run(partial: nil, into: open)
  }

  /// - Parameter output: the name from which the name of an incomplete table is made; nil if the
  ///   writer's result is of no use without all rows.
  private func run(
    partial output: String?,
    into open: @escaping (FieldOfView, [Quantity]) throws -> any TableWriter
  ) throws -> Int {
    try cancellation.watch { try runWatched(partial: output, into: open) }
  }

  private func runWatched(
    partial output: String?,
    into open: @escaping (FieldOfView, [Quantity]) throws -> any TableWriter
  ) throws -> Int {
    try options.checkRanges()
    var writer: (any TableWriter)?
    var provenance: [ProvenanceStep] = []
    var rows = 0
    do {
      try feed(steps[...]) { batch in
        try cancellation.check()
        let target = try writer ?? open(batch.field, batch.quantities)
        if writer == nil { (writer, provenance) = (target, batch.provenance) }
        try target.append(batch)
        rows += batch.count
      }
      try writer?.finish(provenance + stepsOfThis())
    } catch {
      if let output, let writer, rows > 0, Self.leavesRows(error) {
        keep(writer, output, provenance + stepsOfThis(stopped: "only the first \(rows) rows"), rows)
      } else {
        writer?.abandon()
      }
      throw error
    }
    return rows
  }

  /// Whether the rows before this error are right.
  private static func leavesRows(_ error: any Error) -> Bool {
    switch error {
    case is Interrupted, OutputError.full, OutputError.failed: true
    default: false
    }
  }

  private func stepsOfThis(stopped: String? = nil) -> [ProvenanceStep] {
    steps.map { step in
      var settings = step.settings.merging(["input": input]) { own, _ in own }
      settings["stopped"] = stopped
      return ProvenanceStep(
        program: "Glint", version: glintVersion, action: step.action, settings: settings)
    }
  }

  /// Saves the rows so far under a partial name.
  private func keep(
    _ writer: any TableWriter, _ output: String, _ provenance: [ProvenanceStep], _ rows: Int
  ) {
    do {
      let name = try PartialName.of(output) { try writer.rename(to: $0) }
      try writer.finish(provenance)
      observer?.note("stopped: the first \(rows) rows are saved in \(name)")
    } catch {
      writer.abandon()
      observer?.note("stopped: no part of \(output) could be saved: \(error)")
    }
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
