import ArgumentParser
import Compute
import Foundation

struct ParityVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity",
    abstract: "Hold every device of this machine to the reference and to the CPU.",
    discussion: """
      Runs the sample cases of every op on every device: results against plain Double code, stray \
      writes, repeated runs, and bits against the CPU's. Exits with 1 when a case fails.

      EXAMPLE:
        glint parity fit --device opencl:0
      """)

  @Argument(help: "Only cases whose name contains this.") var name = ""
  @Option(help: ArgumentHelp("Only this device.", valueName: "name")) var device: String?
  @Flag(help: "Only cases small enough for an interpreter.") var tiny = false
  @Flag(name: .shortAndLong, help: "A line per case.") var verbose = false

  func run() throws {
    let samples = ParityReport.samples(containing: name, tinyOnly: tiny)
    guard !samples.isEmpty else { throw ValidationError("no case is named like `\(name)`") }
    let devices =
      try device.map { [try Devices.named($0)] }
      ?? Devices.all.filter { $0.info.name != "cpu" }
    let report = try ParityReport(samples, on: devices) { if verbose { print($0) } }
    print(report.table)
    let failed = report.failures.count
    print("\(report.outcomes.count - failed) passed, \(failed) failed")
    if failed > 0 { throw ExitCode(1) }
  }
}
