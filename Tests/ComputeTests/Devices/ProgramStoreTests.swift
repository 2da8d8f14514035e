import Compute
import Foundation
import Reporting
import TestConditions
import TestSupport
import Testing

/// Built programs are stored on disk, and damaged files do no harm.
@Suite(.openCL) struct ProgramStoreTests {
  /// The first OpenCL device as a new process would open it, with its store in `folder`.
  private func device(_ folder: URL) throws -> OpenCLDevice {
    let devices = try OpenCLPlatform.discover(OpenCL(), storage: .folder(folder)).devices
    return try #require(devices.first as? OpenCLDevice)
  }

  private func use(_ device: OpenCLDevice) throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 3))
    graph.output("y", try graph.apply(Add(), x, x))
    let executable = try device.compile(Plan(graph, for: device.info))
    try executable.write("x", [1, 2, 3] as [Float])
    try executable.run()
    #expect(try executable.read("y").values == [2, 4, 6])
  }

  private func files(_ folder: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
  }

  @Test func theSecondOpeningReadsWhatTheFirstBuilt() throws {
    try withScratchFolder { folder in
      let (first, second) = (try device(folder), try device(folder))
      try use(first)
      #expect(first.programs.origins == (compiled: 1, loaded: 0))
      #expect(try files(folder).count == 1)
      try use(second)
      #expect(second.programs.origins == (compiled: 0, loaded: 1))
      try use(second)
      #expect(second.programs.origins == (compiled: 0, loaded: 1), "memory comes before disk")
    }
  }

  /// Truncated, changed in one byte at several positions, empty, or a completely different file.
  @Test func aDamagedFileMeansCompile() throws {
    try withScratchFolder { folder in
      let first = try device(folder)
      try use(first)
      let file = try #require(try files(folder).first)
      let whole = try Data(contentsOf: file)
      var damaged = [Data(), Data("nonsense".utf8), whole.prefix(whole.count / 2), whole + [0]]
      for place in [0, whole.count / 3, whole.count - 1] {
        var copy = whole
        copy[place] ^= 0x10
        damaged.append(copy)
      }
      for data in damaged {
        try data.write(to: file)
        let again = try device(folder)
        try use(again)
        #expect(again.programs.origins == (compiled: 1, loaded: 0))
        #expect(try Data(contentsOf: file).count == whole.count, "it is written anew")
      }
    }
  }

  @Test func anUnusableFolderMeansCompile() throws {
    try withScratchFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data("in the way".utf8).write(to: file)
      for unusable in [file, file.appendingPathComponent("below"), URL(fileURLWithPath: "/proc/x")]
      {
        let device = try device(unusable)
        try use(device)
        #expect(device.programs.origins == (compiled: 1, loaded: 0))
      }
      #expect(try String(contentsOf: file, encoding: .utf8) == "in the way")
    }
  }

  @Test func writersDoNotDisturbEachOther() throws {
    try withScratchFolder { folder in
      let failures = Guarded<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        do {
          try use(device(folder))
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
      #expect(failures.withLock { $0 }.isEmpty)
      #expect(try files(folder).count == 1, "no temporary file stays")
      let last = try device(folder)
      try use(last)
      #expect(last.programs.origins == (compiled: 0, loaded: 1))
    }
  }

  /// Two threads that need the same programs of one device: each program is built once.
  @Test func oneDeviceCompilesFromManyThreads() throws {
    try withScratchFolder { folder in
      let device = try device(folder)
      let failures = Guarded<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        do { try use(device) } catch { failures.withLock { $0.append("\(error)") } }
      }
      #expect(failures.withLock { $0 }.isEmpty)
      #expect(device.programs.origins == (compiled: 1, loaded: 0))
    }
  }
}
