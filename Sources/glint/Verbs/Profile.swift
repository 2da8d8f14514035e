import ArgumentParser
import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Reporting
import Workflow

struct Profile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the time that each op of a localization takes.",
    discussion: """
      Without a movie, one is simulated in memory (256×256 px, 40 molecules per frame).

      EXAMPLE:
        glint profile --device opencl:0 --frames-count 512
      """)

  @Argument(help: "Movie; simulated by default.") var movie: String?
  @OptionGroup(title: "Device") var device: DeviceOptions
  @OptionGroup(title: "Movie") var raw: MovieOptionsGroup
  @Option(parsing: .unconditional, help: "Recipe with the localization settings.") var recipe:
    String?
  @Option(parsing: .unconditional, help: "Number of frames to simulate.") var framesCount = 512
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Frames per batch.", valueName: "n"))
  var batch: Int?
  @Flag(help: "Also print the plan: candidates, reasons, memory arena.") var explain = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    if let batch, batch < 1 { throw ValidationError("--batch \(batch) must be at least 1") }
    // 2 GiB of pixels.
    guard (1...16384).contains(framesCount) else {
      throw ValidationError("--frames-count \(framesCount) must be in 1...16384")
    }
  }

  func run() throws {
    var options = Statement(.option)
    raw.say(in: &options)
    let sources = try RecipeSources(options, over: recipe.map { try RecipeFile(path: $0) })
    let settings = sources.recipe
    let device = try device.open()
    let source = try movie.map { try raw.open($0, over: settings) } ?? simulated()
    let info = source.info
    let region = try settings.readRegion(sources.maps, in: info)
    let frames = try settings.frames(in: info)
    let run = try LocalizeRun(
      source,
      stage: try settings.stage(sources.maps, psf: sources.psf, for: region, in: info),
      frames: frames, region: region, devices: [device], threads: self.device.threads, batch: batch,
      profiling: true, observer: Terminal(), cancellation: Interrupt.cancellation)
    let report = try run.run(into: [])
    if explain { print(run.explanation) }
    if json {
      print(String(decoding: try report.json(), as: UTF8.self))
    } else {
      for line in Self.table(report) { print(line) }
    }
    if report.interrupted { throw ExitCode(Interrupt.exitCode) }
  }

  private func simulated() throws -> MovieInMemory {
    try MovieInMemory(
      Simulation(
        SimulationSettings(
          width: 256, height: 256, frames: framesCount, psf: GaussianPSF(sigma: 1.2),
          blinking: .independent(perFrame: 40), camera: Camera())))
  }

  static func table(_ report: LocalizeReport) -> [String] {
    let total = report.profile.reduce(0) { $0 + $1.seconds }
    func cell(_ text: String, _ width: Int) -> String {
      text.count >= width ? text : String(repeating: " ", count: width - text.count) + text
    }
    var lines = [
      report.device, "    µs/frame  share  GFLOP/s   GB/s  op [candidate] kernels → result",
    ]
    for row in report.profile {
      let micro = row.seconds * 1e6 / Double(max(report.frames, 1))
      lines.append(
        cell(String(format: "%.1f", micro), 12)
          + cell(String(format: "%.1f%%", 100 * row.seconds / max(total, 1e-12)), 7)
          + cell(String(format: "%.1f", row.flopRate * 1e-9), 9)
          + cell(String(format: "%.1f", row.byteRate * 1e-9), 7)
          + "  \(row.op) [\(row.candidate)] \(row.kernels.joined(separator: ", "))"
          + " → \(row.result)")
    }
    lines.append(
      String(
        format: "%.0f frames/s, %.0f fits/s of fitting time, %d fits", report.framesPerSecond,
        report.fitsPerSecond, report.fits))
    return lines
  }
}
