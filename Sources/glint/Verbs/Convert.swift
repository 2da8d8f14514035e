import ArgumentParser
import Formats
import Microscopy

struct Convert: TableVerb {
  static let configuration = CommandConfiguration(
    abstract: "Convert a localization table to another format.",
    discussion: """
      Reads \(Tables.readableKinds.joined(separator: ", ")). Positions, frames and units are \
      converted exactly, including the half-pixel shift between conventions.

      EXAMPLE:
        glint convert locs.hdf5 -o locs.csv
      """)

  @OptionGroup var input: TableInput
  @Argument(help: "Output table, instead of -o.") var target: String?
  @OptionGroup var output: TableOutput

  func validate() throws {
    if target != nil, output.output != nil {
      throw ValidationError("the output is given twice: omit -o or the second name")
    }
  }

  func step() -> any TableStep { Conversion() }
}
