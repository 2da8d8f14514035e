import ArgumentParser
import Formats
import Foundation
import Localization
import Microscopy
import Workflow

struct Render: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw a table as an image.",
    discussion: """
      A .png is a picture to look at (8 bits, colours); a .tif holds the values as 32-bit floats \
      with the physical size of a pixel.

      EXAMPLE:
        glint render locs.hdf5 -o locs.png --pixel 10
      """)

  @Argument(help: "Localization table.") var locs: String
  @Option(name: .shortAndLong, help: ArgumentHelp("Picture (.png, .tif).", valueName: "file"))
  var output: String
  @Option(parsing: .unconditional, help: ArgumentHelp("Side of an image pixel.", valueName: "nm"))
  var pixel = 10.0
  @Option(parsing: .unconditional, help: "Gaussians as wide as the standard error, or counts.")
  var style = Renderer.Style.gaussian
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Camera pixel, where the table does not say it.", valueName: "nm"))
  var pixelSize: Double?
  @OptionGroup(title: "Device") var device: DeviceOptions
  @Flag(help: "Replace the output if it exists.") var force = false

  func run() throws {
    var table = try Tables.read(locs, options: TableOptions(pixelSize: pixelSize))
    table.field.pixelSize = table.field.pixelSize ?? pixelSize
    let (width, height) = try RenderJob(
      table: table, output: output, pixel: pixel, style: style, device: try device.open(),
      overwrite: force, observer: Terminal()
    ).run()
    print("\(table.count) localizations in \(output), \(width)×\(height) pixels of \(pixel) nm")
    if table.count == 0 { throw ExitCode(1) }
  }
}

extension Renderer.Style: ExpressibleByArgument {}
