import ArgumentParser
import Compute
import Foundation

struct ParityVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity",
    abstract: "Test every device of this machine against the reference and the CPU.",
    discussion: """
      Runs the sample cases of every op on every device. It compares results with plain \
      double-precision code, looks for stray writes, repeats runs, and compares bits with the \
      CPU's. Exits with 1 if a case fails.

      EXAMPLE:
        glint parity fit --device opencl:0
      """)

  @Argument(help: "Run only cases whose name contains this text.") var name = ""
  @Option(help: ArgumentHelp("Test only this device.", valueName: "name")) var device: String?
  @Flag(help: "Run only cases that are small enough for an interpreter.") var tiny = false
  @Flag(name: .shortAndLong, help: "Print a line per case.") var verbose = false

  func run() throws {
    let samples = ParityReport.samples(containing: name, tinyOnly: tiny)
    guard !samples.isEmpty else {
      throw ValidationError("no case has a name that contains `\(name)`")
    }
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
