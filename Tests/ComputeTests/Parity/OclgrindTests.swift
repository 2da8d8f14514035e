import Foundation
import TestSupport
import Testing

/// The tiny samples on Oclgrind, which sees races, out-of-bounds accesses and uses of uninitialized
/// values that other devices let pass. Its exit status is always 0; the log is what counts.
@Suite struct OclgrindTests {
  /// The log of a program of this build under Oclgrind; nil where that is not installed.
  private func log(of program: String, _ arguments: [String]) throws -> (log: String, run: Program)?
  {
    guard let oclgrind = Program.onPath("oclgrind") else {
      print("oclgrind is not installed: its checks are left out")
      return nil
    }
    return try withScratchFolder { folder in
      let log = folder.appendingPathComponent("log")
      let run = try Program.run(
        oclgrind,
        ["--data-races", "--uninitialized", "--log", log.path, Program.built(program).path]
          + arguments)
      return ((try? String(contentsOf: log, encoding: .utf8)) ?? "", run)
    }
  }

  @Test func tinySamplesAreClean() throws {
    guard let (log, run) = try log(of: "glint-parity", ["--device", "opencl", "--tiny"]) else {
      return
    }
    #expect(log.isEmpty, "\(log.prefix(2000))")
    #expect(run.output.contains("elementwise"), "\(run.output)\(run.errors)")
    #expect(!run.output.contains("FAIL"), "\(run.output)")
  }

  @Test func aRaceIsSeen() throws {
    guard let (log, _) = try log(of: "planted-faults", ["race"]) else { return }
    #expect(log.contains("data race"), "\(log)")
  }

  @Test func anOutOfBoundsWriteIsSeen() throws {
    guard let (log, _) = try log(of: "planted-faults", ["outOfBounds"]) else { return }
    #expect(log.contains("Invalid write"), "\(log)")
  }

  @Test func nothingPlantedIsClean() throws {
    guard let (log, run) = try log(of: "planted-faults", ["none"]) else { return }
    #expect(log.isEmpty, "\(log)")
    #expect(run.output.contains("1/1"), "\(run.output)\(run.errors)")
  }
}
