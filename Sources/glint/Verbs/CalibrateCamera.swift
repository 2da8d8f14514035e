import ArgumentParser
import Formats
import Foundation
import Microscopy
import Optics
import Workflow

struct CalibrateCamera: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "camera",
    abstract: "Measure offset, variance and gain of every pixel of a sensor.",
    discussion: """
      Dark movies (shutter closed) come first, or after --dark; their frames are pooled. \
      Each movie after --bright is one level of constant, uniform light. The gain needs several \
      levels with 20 or more frames each. Writes the maps (Picasso's HDF5), a report (.json) and \
      a picture (.png) with the same base name.

      EXAMPLE:
        glint calibrate camera dark.tif --bright level1.tif level2.tif level3.tif -o camera.hdf5
      """)

  @Argument(help: "Dark movies.") var movies: [String] = []
  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Dark movies, as an option.", valueName: "files"))
  var dark: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Bright movies, one for each level.", valueName: "files"))
  var bright: [String] = []
  @Option(name: .shortAndLong, help: ArgumentHelp("Output maps (.hdf5).", valueName: "file"))
  var output: String
  @Option(CalibrateCameraJob.gain) var gain: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Region of the frames to calibrate, px.", valueName: "X,Y,W,H"))
  var roi: PixelRegion?
  @Option(CalibrateCameraJob.saturation) var saturation: Double
  @OptionGroup var cpu: ThreadOptions
  @OptionGroup(title: "Movie") var raw: MovieOptionsGroup
  @Flag(help: "Replace existing outputs.") var force = false
  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.") var quiet = false

  func validate() throws {
    guard ["hdf5", "h5"].contains(URL(fileURLWithPath: output).pathExtension.lowercased()) else {
      throw ValidationError("the maps are written as HDF5: choose a name such as camera.hdf5")
    }
    if gain != nil, !bright.isEmpty {
      throw ValidationError("--gain cannot be combined with --bright, which measures the gain")
    }
  }

  func run() throws {
    let result = try CalibrateCameraJob(
      dark: try (movies + dark).map { try raw.open($0) },
      bright: try bright.map { try raw.open($0) }, output: output,
      gain: gain, region: roi, saturation: saturation, threads: cpu.threads,
      overwrite: force,
      observer: Terminal(quiet: quiet), cancellation: Interrupt.cancellation
    ).run()
    if !quiet {
      for line in Self.lines(result.report) { print(line) }
      print(
        String(
          format: "%.0f MB in %.2f s, %.0f MB/s; ", Double(result.bytesRead) * 1e-6, result.seconds,
          Double(result.bytesRead) * 1e-6 / max(result.seconds, 1e-9)) + "in "
          + result.files.joined(separator: ", "))
    }
    for line in result.report.warnings { say("warning: \(line)") }
  }

  /// The report as lines of text.
  static func lines(_ report: CameraCalibration.Report) -> [String] {
    func line(_ name: String, _ map: CameraCalibration.MapSummary, _ unit: String) -> String {
      name.padding(toLength: 12, withPad: " ", startingAt: 0)
        + String(
          format: "median %.4g \(unit), pixel spread %.3g, standard error per pixel %.2g",
          map.median,
          map.spread, map.error)
    }
    var lines = [
      "\(report.width)×\(report.height) px from \(report.darkFrames) dark frames and "
        + "\(report.levels.count) level\(report.levels.count == 1 ? "" : "s") of light",
      line("offset", report.offset, "ADU"), line("variance", report.variance, "ADU²"),
      line("gain", report.gain, "ADU/e⁻"),
      String(format: "read noise  median %.2f e⁻ rms", report.readNoise),
    ]
    for level in report.levels {
      lines.append(
        String(
          format: "level       %.0f ADU above dark, gain %.3f, flicker %.2f %%, %d frames, ",
          level.signal, level.gain, 100 * level.flicker, level.frames) + level.file)
    }
    let reasons = report.hotPixels.flatMap(\.reasons)
    lines.append(
      "hot pixels  \(report.hotPixels.count): \(reasons.count { $0 == .noisy }) noisy, "
        + "\(reasons.count { $0 == .bright }) bright, \(reasons.count { $0 == .gainless }) gainless"
    )
    return lines
  }
}
