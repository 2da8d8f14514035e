import ArgumentParser
import Formats
import Microscopy
import Workflow

/// What a reader must be told where a table does not say it.
struct TableReading: ParsableArguments {
  @Option(TableOptions.pixelSize) var pixelSize: Double?
  @Option(TableOptions.photonsPerCount) var photonsPerCount: Double?
  @Option(TableOptions.firstFrame, "n") var firstFrame: Int?

  /// Throws `SettingsError` for a number that no table can have.
  func options() throws -> TableOptions {
    let options = TableOptions(
      pixelSize: pixelSize, photonsPerCount: photonsPerCount, firstFrame: firstFrame)
    try options.checkRanges()
    return options
  }
}

/// The table that a verb reads.
struct TableInput: ParsableArguments {
  @Argument(help: "Table to read.") var path: String
  @OptionGroup var reading: TableReading
}

/// The file that a verb writes.
struct TableOutput: ParsableArguments {
  @Option(
    name: .shortAndLong, help: ArgumentHelp("Table to write (.csv, .hdf5).", valueName: "file"))
  var output: String?
  @Flag(help: "Replace the output if it exists.") var force = false
}

/// A verb that turns a table into another by a step: `glint VERB IN -o OUT`.
protocol TableVerb: ParsableCommand {
  var input: TableInput { get }
  var output: TableOutput { get }
  /// The step with the settings of the line.
  func step() throws -> any TableStep
  /// The output, where the verb has another place for it too.
  var target: String? { get }
}

extension TableVerb {
  var target: String? { nil }

  mutating func run() throws {
    guard let path = output.output ?? target else {
      throw ValidationError("name an output with -o, such as locs.csv")
    }
    let rows = try TableJob(input.path, options: input.reading.options(), steps: [step()])
      .run(to: path, overwrite: output.force)
    print("\(rows) rows in \(path)")
  }
}
