import CTIFF
import CTestSupport
import Containers
import Foundation
import Microscopy
import Reporting
import TestConditions
import TestSupport
import Testing

@testable import Formats

/// What the readers say about inputs that are no files, that change while they are read, or that the
/// disk does not deliver.
@Suite struct InputTests {
  private func words(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return (error as? any Fault)?.explanation.text() ?? "\(error)" }
  }

  /// Overwrites, cuts or lengthens a file in place.
  private func change(_ path: String, _ body: (FileHandle) throws -> Void) throws {
    usleep(20_000)
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try body(handle)
    try handle.close()
  }

  // MARK: pipes

  @Test func aPipeIsRefusedByEveryReader() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.file("pipe.tif")
    #expect(mkfifo(pipe, 0o600) == 0)
    let readers: [(String, (String) throws -> Void)] = [
      ("movie", { _ = try Movies.open($0) }), ("table", { _ = try Tables.read($0) }),
      ("camera", { _ = try CameraFiles.read($0) }),
      ("PSF", { _ = try CalibrationFiles.read($0) }),
      ("mask", { _ = try PhaseMaskFile.read($0) }),
    ]
    for (name, read) in readers {
      let complaint = words { try read(pipe) }
      #expect(complaint.contains("is a pipe and not a file"), "\(name): \(complaint)")
      #expect(complaint.contains("hint: write its bytes into a file first"), "\(name)")
      #expect(words { try read("/dev/zero") }.contains("is a device and not a file"), "\(name)")
    }
    #expect(!Outputs.isOutput(pipe))
  }

  /// Files that a reader opens by itself.
  @Test func aPipeBesideAFileIsRefused() throws {
    let folder = try TemporaryFolder()
    try Tables.write(sampleTable(rows: 3), to: folder.file("t.csv"))
    try Tables.write(sampleTable(rows: 3), to: folder.file("t.hdf5"))
    _ = try folder.write([UInt8](repeating: 0, count: 800), to: "m.dax")
    for name in ["t-protocol.txt", "t.yaml", "m.inf", "m2.raw"] {
      try? FileManager.default.removeItem(atPath: folder.file(name))
      #expect(mkfifo(folder.file(name), 0o600) == 0)
    }
    for name in ["t.csv", "t.hdf5"] {
      #expect(words { _ = try Tables.read(folder.file(name)) }.contains("is a pipe"), "\(name)")
    }
    for name in ["m.dax", "m.inf", "m2.raw"] {
      #expect(words { _ = try Movies.open(folder.file(name)) }.contains("is a pipe"), "\(name)")
    }
    let frames = try TemporaryFolder()
    var tiff = HandTIFF()
    tiff.page([1], width: 1, height: 1)
    _ = try frames.write(tiff.bytes, to: "f0.tif")
    #expect(mkfifo(frames.file("f1.tif"), 0o600) == 0)
    #expect(words { _ = try Movies.open(frames.path) }.contains("f1.tif: is a pipe"))
  }

  // MARK: changes

  @Test(arguments: ["t.csv", "t.hdf5"])
  func aTableThatChangesIsAnError(_ name: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file(name)
    let changes: [(String, (FileHandle) throws -> Void)] = [
      ("shorter", { try $0.truncate(atOffset: UInt64($0.seekToEnd()) / 2) }),
      ("longer", { try $0.truncate(atOffset: UInt64($0.seekToEnd()) + 4096) }),
      (
        "written to",
        {
          let last = try $0.seekToEnd() - 1
          try $0.seek(toOffset: last)
          let byte = try $0.readToEnd() ?? Data()
          try $0.seek(toOffset: last)
          try $0.write(contentsOf: byte)
        }
      ),
    ]
    for (word, change) in changes {
      try Tables.write(sampleTable(rows: 70_000), to: path, overwrite: true)
      var isChanged = false
      var rows = 0
      do {
        try Tables.forEachBatch(in: path) { batch in
          rows += batch.count
          if !isChanged { try self.change(path, change) }
          isChanged = true
        }
        Issue.record("\(word): \(rows) rows were read without an error")
      } catch let error as TableError {
        guard case .unreadable(_, let reason) = error else {
          // Half a file, or one with zeros at its end, may not even be a table.
          #expect(word != "written to", "\(error)")
          continue
        }
        #expect(reason.contains("while it was read"), "\(error)")
      }
    }
  }

  @Test func aMovieTellsWhatChanged() throws {
    let folder = try TemporaryFolder()
    func write(_ name: String, _ values: [UInt16]) throws {
      var tiff = HandTIFF()
      for value in values { tiff.page([value, value], width: 2, height: 1) }
      _ = try folder.write(tiff.bytes, to: name)
    }
    try write("m.tif", [1, 2, 3])
    let path = folder.file("m.tif")
    var movie = try Movies.open(path)
    #expect(movie.changes().isEmpty)
    try movie.checkUnchanged()
    try change(path) { try $0.write(contentsOf: Data([0x49])) }
    #expect(movie.changes() == ["\(path) was written to, with the same size"])
    #expect(throws: MovieChanged.self) { try movie.checkUnchanged() }
    movie = try Movies.open(path)
    try change(path) { try $0.truncate(atOffset: 20) }
    #expect(movie.changes().first?.contains("bytes shorter") == true)
    // A new file under the name is another one; the open one is still whole.
    try write("m.tif", [1, 2, 3])
    movie = try Movies.open(path)
    try FileManager.default.moveItem(atPath: path, toPath: folder.file("n.tif"))
    try write("m.tif", [7])
    #expect(movie.changes().isEmpty)
    #expect(try movie.allPixels() == [1, 1, 2, 2, 3, 3])
  }

  @Test func aSetOfFilesTellsWhatChanged() throws {
    let folder = try TemporaryFolder()
    for frame in 0..<4 {
      var tiff = HandTIFF()
      tiff.page([UInt16(frame)], width: 1, height: 1)
      _ = try folder.write(tiff.bytes, to: "f\(frame).tif")
    }
    let movie = try Movies.open(folder.path)
    #expect(try movie.allPixels() == [0, 1, 2, 3])
    #expect(movie.changes().isEmpty)
    try change(folder.file("f2.tif")) { try $0.write(contentsOf: Data([0x49])) }
    #expect(movie.changes() == ["\(folder.file("f2.tif")) was written to, with the same size"])
    #expect(words { _ = try movie.pixels(2..<3) }.contains("while it was read"))
    try FileManager.default.removeItem(atPath: folder.file("f3.tif"))
    #expect(movie.changes().count == 2)
    // Micro-Manager's parts.
    let parts = try TemporaryFolder()
    for (index, first) in [0, 3].enumerated() {
      _ = try parts.write(
        TIFFSetTests.microManager([1, 2, 3], first: first),
        to: "a_MMStack\(index == 0 ? "" : "_\(index)").ome.tif")
    }
    let set = try Movies.open(parts.file("a_MMStack.ome.tif"))
    #expect(set.info.frames == 6 && set.changes().isEmpty)
    try change(parts.file("a_MMStack_1.ome.tif")) { try $0.write(contentsOf: Data([0x49])) }
    #expect(set.changes().count == 1 && set.changes()[0].contains("_1.ome.tif"))
  }

  // MARK: rows that lie nowhere

  final class Notes: Observer, @unchecked Sendable {
    /// Told from one thread.
    private(set) var lines: [String] = []
    func note(_ line: Message) { lines.append(line.text()) }
    func progress(_ progress: RunProgress) {}
  }

  @Test func rowsThatLieNowhereAreCountedAndLeftOut() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      """
      frame,x [nm],y [nm]
      1,150,250
      2,nan,1
      3,1e300,1
      4,inf,1
      5,1,-1e14
      6,-inf,nan
      7,-5000,250
      8,250,2.6e10

      """, to: "t.csv")
    let notes = Notes()
    let table = try Tables.read(path, options: TableOptions(pixelSize: 100), observer: notes)
    #expect(table.frame == [0, 6, 7])
    #expect(table[.x] == [1, -50.5, 2])
    #expect(notes.lines.count == 2)
    #expect(notes.lines.first == "2 rows of \(path) without x or y left out")
    #expect(notes.lines.last?.hasPrefix("3 rows of \(path) left out: x or y is infinite") == true)
    // A folder of tables has the same rule, and so has another container.
    let frames = try TemporaryFolder()
    _ = try frames.write(
      "Ground-truth,frame,xnano,ynano,znano,intensity\n1,1,1e300,5,0,1\n2,1,50,50,0,1\n",
      to: "00001.csv")
    let told = Notes()
    #expect(
      try Tables.read(frames.path, options: TableOptions(pixelSize: 100), observer: told).count == 1
    )
    #expect(told.lines.count == 1)
    var far = sampleTable(rows: 4)
    far[.x] = [1, .nan, -1e30, 2]
    try Tables.write(far, to: folder.file("far.hdf5"))
    let seen = Notes()
    #expect(try Tables.read(folder.file("far.hdf5"), observer: seen).frame == [0, 1])
    #expect(seen.lines.count == 2)
  }

  // MARK: bad sectors

  /// Runs `body` while bytes `from`... of every file cannot be read.
  private func withBadSectors(_ from: Int, _ body: () throws -> Void) rethrows {
    glint_fail_reads(Int64(from), .max)
    defer { glint_fail_reads(-1, -1) }
    try body()
  }

  @Test(.enabled(if: glint_reads_can_fail() == 1))
  func aFailedReadIsNoCutOff() throws {
    let folder = try TemporaryFolder()
    var tiff = HandTIFF()
    for value in 0..<40 {
      tiff.page([UInt16](repeating: UInt16(value), count: 600), width: 60, height: 10)
    }
    let plain = try folder.write(tiff.bytes, to: "m.tif")
    let set = try folder.write(
      TIFFSetTests.microManager([UInt16](0..<200)), to: "a_MMStack.ome.tif")
    for accepts in [false, true] {
      for (path, bad) in [(plain, tiff.directories[20]), (plain, tiff.directories[0]), (set, 300)] {
        withBadSectors(bad) {
          let error = #expect(throws: MovieError.self, "\(path) from \(bad)") {
            try Movies.open(path, options: MovieOptions(acceptsTruncated: accepts))
          }
          #expect(error?.kind == .unreadable, "\(path) from \(bad): \(error?.description ?? "")")
          #expect(error?.what.contains("cannot be read: input/output error") == true)
        }
      }
    }
    #expect(try Movies.open(plain).info.frames == 40)
    // Pixels, compressed ones too.
    let packed = folder.file("p.tif")
    try LibTIFF(compression: COMPRESSION_LZW).write(
      [testPixels(600).bytes, testPixels(600, seed: 2).bytes], width: 60, height: 10, to: packed)
    for path in [plain, packed] {
      let movie = try Movies.open(path)
      withBadSectors(10) {
        let error = #expect(throws: MovieError.self) { try movie.allPixels() }
        #expect(error?.kind == .unreadable, "\(path): \(error?.description ?? "")")
      }
    }
    // Tables.
    for name in ["t.csv", "t.hdf5"] {
      try Tables.write(sampleTable(rows: 2000), to: folder.file(name))
      withBadSectors(100_000) {
        let complaint = words { _ = try Tables.read(folder.file(name)) }
        #expect(complaint.contains("cannot be read: input/output error"), "\(name): \(complaint)")
      }
    }
  }

  // MARK: the same bytes

  /// HDF5 files keep no times.
  @Test func equalContentGivesEqualBytes() throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 5000)
    let maps = CameraMaps(
      width: 8, height: 8, offset: Array(repeating: 100, count: 64),
      variance: Array(repeating: 2, count: 64), gain: Array(repeating: 1, count: 64))
    let spline = SplinePSF(
      columns: 4, rows: 4, planes: 2, coefficients: (0..<32 * 64).map { Float($0 % 7) / 100 },
      zStep: 100, firstZ: -100, centreX: 2, centreY: 2)
    for copy in ["a", "b"] {
      if copy == "b" { sleep(2) }
      try Tables.write(table, to: folder.file("\(copy).hdf5"))
      try CameraFiles.write(maps, to: folder.file("\(copy)c.hdf5"))
      for kind in ["hdf5", "h5"] {
        try CalibrationFiles.write(.spline(spline), to: folder.file("\(copy)p.\(kind)"))
      }
    }
    for name in [".hdf5", "c.hdf5", "p.hdf5", "p.h5"] {
      let pair = try ["a", "b"].map { try InputFile.contents(of: folder.file($0 + name)) }
      #expect(pair[0] == pair[1], "\(name)")
    }
  }
}
