import ArgumentParser
import Compute
import Foundation

/// Compares the devices of this machine with the references of all ops and with each other.
struct ParityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glint-parity",
    abstract: "Run every op's sample cases on this machine's devices and compare.",
    discussion:
      "Example: glint-parity calibrate --device opencl --tiny\nExit status: 0 when all cases pass, 1 when one fails, 2 when none can be run."
  )

  @Argument(help: "Only cases whose name contains this text.")
  var name = ""

  @Option(help: "Only devices whose name starts with this: cpu, cpu:avx2, opencl, opencl:0.")
  var device = ""

  @Flag(help: "Only cases small enough for an interpreter such as Oclgrind.")
  var tiny = false

  func run() throws {
    let samples = ParityReport.samples(containing: name, tinyOnly: tiny)
    guard !samples.isEmpty else { throw Refusal(text: "no case is named like `\(name)`") }
    let devices = Devices.all.filter { $0.info.name.hasPrefix(device) }
    guard !devices.isEmpty else {
      _ = try Devices.named(device)  // says what is missing
      throw Refusal(text: "there is no device `\(device)`")
    }
    let report = try ParityReport(samples, on: devices)
    print(report.table)
    if !report.failures.isEmpty { throw ExitCode(1) }
  }
}

struct Refusal: Error, CustomStringConvertible {
  let text: String
  var description: String { text }
}

do {
  var command = try ParityCommand.parseAsRoot()
  try command.run()
} catch let error as ExitCode {
  ParityCommand.exit(withError: error)
} catch  where ParityCommand.exitCode(for: error) == .success {
  ParityCommand.exit(withError: error)
} catch {
  FileHandle.standardError.write(Data("error: \(ParityCommand.message(for: error))\n".utf8))
  exit(2)
}
