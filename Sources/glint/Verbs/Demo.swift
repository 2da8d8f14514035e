import ArgumentParser
import Foundation
import Workflow

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Simulate a movie, localize it, score and render the result.",
    discussion: """
      EXAMPLE:
        glint demo -o demo --device best
      """)

  @Option(name: .shortAndLong, help: ArgumentHelp("Output folder.", valueName: "dir"))
  var output = "glint-demo"

  @OptionGroup(title: "Device") var device: DeviceOptions

  @Option(parsing: .unconditional, help: "Number of frames.") var frames = 3000

  @Flag(help: "Replace existing outputs.") var force = false

  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.") var quiet = false

  func run() throws {
    let job = DemoJob(
      folder: output, device: try device.open(), threads: device.threads, frames: frames,
      overwrite: force, observer: Terminal(quiet: quiet),
      cancellation: Interrupt.cancellation)
    let result = try job.run()
    if !quiet {
      for line in Localize.summary(result.report) { print(line) }
      for line in Evaluate.lines(result.score) { print(line) }
      print("in \(output): " + result.files.joined(separator: ", "))
    }
    if result.report.localizations == 0 { throw ExitCode(1) }
  }
}
