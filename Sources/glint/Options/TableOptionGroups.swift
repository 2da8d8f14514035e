import ArgumentParser
import Formats
import Microscopy
import Workflow

/// Options for what a table does not say about its columns.
struct ColumnReading: ParsableArguments {
  @Option(TableOptions.photonsPerCount) var photonsPerCount: Double?
  @Option(TableOptions.firstFrame, "n") var firstFrame: Int?
  @Option(TableOptions.unit, "nm|px|um") var unit: TableUnit?
  @Option(TableOptions.map, "quantity=column,…") var map: String?

  /// Throws `SettingsError` for a value out of range.
  func options(pixelSize: Double?) throws -> TableOptions {
    let options = TableOptions(
      pixelSize: pixelSize, photonsPerCount: photonsPerCount, firstFrame: firstFrame, unit: unit,
      map: map)
    try options.checkRanges()
    return options
  }
}

/// Options for information that a table file does not contain.
struct TableReading: ParsableArguments {
  @Option(TableOptions.pixelSize) var pixelSize: Double?
  @OptionGroup var columns: ColumnReading

  /// Throws `SettingsError` for a value out of range.
  func options() throws -> TableOptions { try columns.options(pixelSize: pixelSize) }
}

/// The input table of a command.
struct TableInput: ParsableArguments {
  @Argument(help: "Input table.") var path: String
  @OptionGroup var reading: TableReading
}

/// Which columns a table gets.
struct ColumnWriting: ParsableArguments {
  @Option(Tables.columns, note: "`glint help columns` explains them.") var columns: Tables.Columns?

  var chosen: Tables.Columns { columns ?? Tables.columns.standard }
}

/// The output table of a command.
struct TableOutput: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Output table (.csv, .hdf5, .smlm, _sml.mat).", valueName: "file"))
  var output: String?
  @OptionGroup var writing: ColumnWriting
  @Flag(help: "Replace an existing output.") var force = false
}

extension TableUnit: ExpressibleByArgument {}
extension Tables.Columns: ExpressibleByArgument {}

/// A command that applies a table step: `glint VERB IN -o OUT`.
protocol TableVerb: ParsableCommand {
  var input: TableInput { get }
  var output: TableOutput { get }
  /// The step with its settings from the command line.
  func step() throws -> any TableStep
  /// The output path from another argument, if the command has one.
  var target: String? { get }
}

extension TableVerb {
  var target: String? { nil }

  mutating func run() throws {
    guard let path = output.output ?? target else {
      throw ValidationError("no output is given: add -o with a name such as locs.csv")
    }
    let rows = try TableJob(
      input.path, options: input.reading.options(), steps: [step()], observer: Terminal(),
      cancellation: Interrupt.cancellation
    ).run(to: path, columns: output.writing.chosen, overwrite: output.force)
    print("\(rows) rows in \(path)")
  }
}
