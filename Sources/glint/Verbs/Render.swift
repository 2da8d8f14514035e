import ArgumentParser
import Localization
import Microscopy
import Workflow

struct Render: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Render a table as an image.",
    discussion: """
      A .png is for viewing (8 bits, in colour); a .tif holds the values as 32-bit floats \
      and the pixel size.

      EXAMPLE:
        glint render locs.hdf5 -o locs.png --pixel 10
      """)

  @OptionGroup var input: TableInput
  @Option(name: .shortAndLong, help: ArgumentHelp("Output image (.png, .tif).", valueName: "file"))
  var output: String
  @Option(Renderer.pixel) var pixel: Double?
  @Option(Renderer.style) var style: Renderer.Style?
  @OptionGroup(title: "Device") var device: DeviceOptions
  @Flag(help: "Replace an existing output.") var force = false

  func run() throws {
    let pixel = pixel ?? Renderer.pixel.standard
    let picture = try PictureWriter(
      path: output, pixel: pixel, style: style ?? Renderer.style.standard,
      device: try device.open(), overwrite: force, observer: Terminal())
    let rows = try TableJob(
      input.path, options: input.reading.options(), observer: Terminal(),
      cancellation: Interrupt.cancellation
    ).run { _, _ in picture }
    print(
      "\(rows) localizations in \(output), \(picture.size.width)×\(picture.size.height) pixels of "
        + "\(pixel) nm")
    if rows == 0 {
      say("hint: \(input.path) has no rows, so the picture is empty")
      throw ExitCode(1)
    }
  }
}

extension Renderer.Style: ExpressibleByArgument {}
