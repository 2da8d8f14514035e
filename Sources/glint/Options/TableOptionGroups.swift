import ArgumentParser
import Formats
import Microscopy
import Workflow

/// Options for information that a table file does not contain.
struct TableReading: ParsableArguments {
  @Option(TableOptions.pixelSize) var pixelSize: Double?
  @Option(TableOptions.photonsPerCount) var photonsPerCount: Double?
  @Option(TableOptions.firstFrame, "n") var firstFrame: Int?

  /// Throws `SettingsError` for a value out of range.
  func options() throws -> TableOptions {
    let options = TableOptions(
      pixelSize: pixelSize, photonsPerCount: photonsPerCount, firstFrame: firstFrame)
    try options.checkRanges()
    return options
  }
}

/// The input table of a command.
struct TableInput: ParsableArguments {
  @Argument(help: "Input table.") var path: String
  @OptionGroup var reading: TableReading
}

/// The output table of a command.
struct TableOutput: ParsableArguments {
  @Option(
    name: .shortAndLong, help: ArgumentHelp("Output table (.csv, .hdf5).", valueName: "file"))
  var output: String?
  @Flag(help: "Replace an existing output.") var force = false
}

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
    let rows = try TableJob(input.path, options: input.reading.options(), steps: [step()])
      .run(to: path, overwrite: output.force)
    print("\(rows) rows in \(path)")
  }
}
