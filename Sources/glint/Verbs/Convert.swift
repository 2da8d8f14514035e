import ArgumentParser
import Formats
import Foundation
import Microscopy

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn one localization table into another.",
    discussion: """
      Reads \(Tables.readableKinds.joined(separator: ", ")). Positions, frames and units are \
      converted exactly; the half pixel between conventions is never lost.

      EXAMPLE:
        glint convert locs.hdf5 locs.csv
      """)

  @Argument(help: "Table to read.")
  var input: String

  @Argument(help: "Table to write (.csv, .hdf5).")
  var output: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Camera pixel, where the input does not say it.", valueName: "nm"))
  var pixelSize: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Photons per count, for columns in ADU.", valueName: "photons"))
  var photonsPerCount: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Number of the first frame, where a text table departs from its kind's rule.", valueName: "n")
  )
  var firstFrame: Int?

  @Flag(help: "Replace the output if it exists.")
  var force = false

  func validate() throws { try firstFrame.map(TableOptions.check(firstFrame:)) }

  func run() throws {
    // Refused here, before the input is read.
    for name in try Tables.files(of: output)
    where !force && FileManager.default.fileExists(atPath: name) {
      throw OutputError.exists(path: name)
    }
    let options = TableOptions(
      pixelSize: pixelSize, photonsPerCount: photonsPerCount, firstFrame: firstFrame)
    var writer: (any TableWriter)?
    var provenance: [ProvenanceStep] = []
    var rows = 0
    do {
      try Tables.forEachBatch(in: input, options: options) { batch in
        if writer == nil {
          var field = batch.field
          field.pixelSize = field.pixelSize ?? pixelSize
          provenance = batch.provenance
          writer = try Tables.writer(
            path: output, field: field, quantities: batch.quantities, overwrite: force)
        }
        try writer?.append(batch)
        rows += batch.count
      }
      provenance.append(
        ProvenanceStep(
          program: "Glint", version: glintVersion, action: "convert", settings: ["input": input]))
      try writer?.finish(provenance)
    } catch {
      writer?.abandon()
      throw error
    }
    print("\(rows) rows in \(output)")
  }
}
