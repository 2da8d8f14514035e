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
      Dark movies (shutter closed) come first, or after --dark; together they are the dark frames. \
      Each movie after --bright is one level of steady, even light; several levels, 20 or more \
      frames each, make the gain. Writes the maps (Picasso's HDF5), and beside them a report \
      (.json) and a picture (.png).

      EXAMPLE:
        glint calibrate camera dark.tif --bright level1.tif level2.tif level3.tif -o camera.hdf5
      """)

  @Argument(help: "Dark movies.") var movies: [String] = []
  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Dark movies, said plainly.", valueName: "files"))
  var dark: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Bright movies, one for each level.", valueName: "files"))
  var bright: [String] = []
  @Option(name: .shortAndLong, help: ArgumentHelp("Maps to write (.hdf5).", valueName: "file"))
  var output: String
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Gain of every pixel, without bright movies.", valueName: "ADU/e⁻"))
  var gain: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Part of the frames to calibrate, px.", valueName: "X,Y,W,H"))
  var roi: PixelRegion?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The highest number that a pixel can have.", valueName: "ADU"))
  var saturation = 65535.0
  @OptionGroup var cpu: ThreadOptions
  @OptionGroup(title: "Raw files") var raw: MovieOptionsGroup
  @Flag(help: "Replace outputs that exist.") var force = false
  @Flag(name: .shortAndLong, help: "No progress.") var quiet = false

  func validate() throws {
    guard ["hdf5", "h5"].contains(URL(fileURLWithPath: output).pathExtension.lowercased()) else {
      throw ValidationError("the maps are written as HDF5: name them like camera.hdf5")
    }
    if let gain, !(gain > 0 && gain.isFinite) {
      throw ValidationError("--gain \(gain) ADU/e⁻ must be greater than 0")
    }
    if gain != nil, !bright.isEmpty {
      throw ValidationError("--gain contradicts --bright, which measures it")
    }
    guard saturation > 0 else {
      throw ValidationError("--saturation \(saturation) ADU must be greater than 0")
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
    for line in Self.lines(result.report) { print(line) }
    print(
      String(
        format: "%.0f MB in %.2f s, %.0f MB/s; ", Double(result.bytesRead) * 1e-6, result.seconds,
        Double(result.bytesRead) * 1e-6 / max(result.seconds, 1e-9)) + "in "
        + result.files.joined(separator: ", "))
    for line in result.report.warnings { say("warning: \(line)") }
  }

  /// A report in words.
  static func lines(_ report: CameraCalibration.Report) -> [String] {
    func line(_ name: String, _ map: CameraCalibration.MapSummary, _ unit: String) -> String {
      name.padding(toLength: 12, withPad: " ", startingAt: 0)
        + String(
          format: "median %.4g \(unit), pixels differ by %.3g, known to %.2g each", map.median,
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
