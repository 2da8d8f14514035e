import ArgumentParser
import Formats
import Microscopy

struct Convert: TableVerb {
  static let configuration = CommandConfiguration(
    abstract: "Turn one localization table into another.",
    discussion: """
      Reads \(Tables.readableKinds.joined(separator: ", ")). Positions, frames and units are \
      converted exactly; the half pixel between conventions is never lost.

      EXAMPLE:
        glint convert locs.hdf5 -o locs.csv
      """)

  @OptionGroup var input: TableInput
  @Argument(help: "Table to write, in place of -o.") var target: String?
  @OptionGroup var output: TableOutput

  func validate() throws {
    if target != nil, output.output != nil {
      throw ValidationError("the output is named twice: leave -o or the second name out")
    }
  }

  func step() -> any TableStep { Conversion() }
}
