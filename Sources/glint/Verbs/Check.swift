import ArgumentParser
import Formats
import Foundation
import Microscopy
import Optics
import Workflow

/// Checks whether a calibration is still valid. Each kind is a subcommand.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a calibration against new recordings.",
    discussion: """
      EXAMPLE:
        glint check camera camera.hdf5 dark-today.tif
      """,
    subcommands: [CheckCamera.self])
}

struct CheckCamera: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "camera",
    abstract: "Check camera maps against new dark frames.",
    discussion: """
      Exits with 1 if the frames contradict the maps: the offset moved by a quarter of the read \
      noise, the variance changed by a factor of 1.25, 2 % of the pixels differ, or one pixel in \
      a thousand became hot.

      EXAMPLE:
        glint check camera camera.hdf5 dark-today.tif
      """)

  @Argument(help: "Camera maps (Picasso .hdf5, .npy, 3-page TIFF).") var maps: String
  @Argument(help: "Dark movies, 100 frames or more.") var dark: [String]
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Region of the mapped sensor that the frames show, px.", valueName: "X,Y,W,H"))
  var roi: PixelRegion?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Write the result as JSON.", valueName: "file"))
  var json: String?
  @OptionGroup var cpu: ThreadOptions
  @OptionGroup(title: "Movie") var raw: MovieOptionsGroup
  @Flag(help: "Replace an existing JSON file.") var force = false
  @Flag(name: .shortAndLong, help: "Do not show progress.") var quiet = false

  func run() throws {
    let file = try json.map { try StagedFile(path: $0, overwrite: force) }
    let result = try CheckCameraJob(
      maps: maps, dark: try dark.map { try raw.open($0) }, region: roi,
      threads: cpu.threads,
      observer: Terminal(quiet: quiet), cancellation: Interrupt.cancellation
    ).run()
    for line in Self.lines(result) { print(line) }
    if let file {
      try file.write(JSONEncoder.indented.encode(result))
      try file.commit()
    }
    guard result.agrees else {
      for line in result.contradictions { say("contradiction: \(line)") }
      say("hint: calibrate the camera again with the current settings: glint calibrate camera")
      throw ExitCode(1)
    }
  }

  static func lines(_ result: CameraValidation) -> [String] {
    [
      String(
        format: "offset      moved by %+.3f ADU (median; read noise %.2f ADU)", result.drift,
        result.readNoise),
      String(format: "variance    %.3f times that of the maps (median)", result.varianceRatio),
      String(
        format: "outside     %.2f %% of the pixels (offset %.2f %%, variance %.2f %%)",
        100 * result.outside, 100 * result.offsetOutside, 100 * result.varianceOutside),
      "hot pixels  \(result.newHotPixels.count) new",
      "\(result.frames) frames \(result.agrees ? "agree with" : "contradict") the maps",
    ]
  }
}
