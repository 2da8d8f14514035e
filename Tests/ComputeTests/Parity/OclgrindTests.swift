import Foundation
import TestConditions
import TestSupport
import Testing

/// The tiny samples on Oclgrind, which detects races, out-of-bounds accesses and uses of
/// uninitialised values that other devices do not report. Its exit status is always 0, so the log
/// is checked. Under a sanitizer, which does not see the interpreted kernels, this would only take
/// long.
@Suite(.noSanitizer, .program("oclgrind")) struct OclgrindTests {
  /// The log of a program of this build under Oclgrind.
  private func log(
    _ check: String, of program: String, _ arguments: [String]
  ) throws -> (log: String, run: Program) {
    let oclgrind = try #require(Program.onPath("oclgrind"))
    return try withScratchFolder { folder in
      let log = folder.appendingPathComponent("log")
      let run = try Program.run(
        oclgrind, [check, "--log", log.path, Program.built(program).path] + arguments)
      return ((try? String(contentsOf: log, encoding: .utf8)) ?? "", run)
    }
  }

  @Test func tinySamplesHaveNoRacesAndStayInBounds() throws {
    let (log, run) = try log(
      "--data-races", of: "glint-parity", ["--device", "opencl", "--tiny"])
    #expect(log.isEmpty, "\(log.prefix(2000))")
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    #expect(run.output.contains("elementwise"), "\(run.output)\(run.errors)")
  }

  /// A separate run, because this check fails on kernels in which the compiler left an instruction
  /// that it does not know (`freeze`), and then computes wrong results.
  @Test func tinySamplesUseNoUninitializedValues() throws {
    let (log, run) = try log(
      "--uninitialized", of: "glint-parity", ["--device", "opencl", "--tiny"])
    #expect(run.output.contains("elementwise"), "\(run.output)\(run.errors)")
    let reports = log.split(separator: "\n\n").filter {
      $0.lowercased().contains("uninitialized value")
    }
    #expect(reports.isEmpty, "\(reports.prefix(5))")
    let skipped = Set(
      log.split(separator: "\n\n").filter { $0.contains("Unsupported instruction") }
        .compactMap { $0.split(separator: "\n").first { $0.contains("Kernel:") } })
    if !skipped.isEmpty { print("not checked for uninitialized values: \(skipped.count) kernels") }
  }

  @Test(arguments: [
    (FaultyAdd.Fault.race, "--data-races", "data race"),
    (.outOfBounds, "--data-races", "Invalid write"),
    (.privateUninitialized, "--uninitialized", "Uninitialized value"),
  ])
  func plantedFaultsAreSeen(_ fault: FaultyAdd.Fault, _ check: String, _ report: String) throws {
    let (log, _) = try log(check, of: "planted-faults", [fault.rawValue])
    #expect(log.contains(report), "\(log.prefix(2000))")
  }

  @Test(arguments: ["--data-races", "--uninitialized"])
  func nothingPlantedIsClean(_ check: String) throws {
    let (log, run) = try log(check, of: "planted-faults", ["none"])
    #expect(log.isEmpty, "\(log.prefix(2000))")
    #expect(run.output.contains("1/1"), "\(run.output)\(run.errors)")
  }
}
