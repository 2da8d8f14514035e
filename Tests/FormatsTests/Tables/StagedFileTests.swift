import Compute
import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

@Suite struct StagedFileTests {
  @Test(arguments: ["t.csv", "t.hdf5"])
  func appearsOnlyWhenFinished(name: String) throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 100)
    let writer = try Tables.writer(
      path: folder.file(name), field: table.field, quantities: table.quantities)
    try writer.append(table)
    #expect(folder.contents.allSatisfy { $0.hasPrefix(".") && $0.hasSuffix(".glint-part") })
    #expect(folder.contents.count == 2)
    try writer.finish(table.provenance)
    #expect(folder.contents.count == 2)
    #expect(folder.contents.contains(name))
    #expect(folder.contents.allSatisfy { !$0.hasPrefix(".") })
  }

  @Test(arguments: ["t.csv", "t.hdf5"])
  func abandonLeavesNothing(name: String) throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 100)
    var writer: (any TableWriter)? = try Tables.writer(
      path: folder.file(name), field: table.field, quantities: table.quantities)
    try writer?.append(table)
    writer?.abandon()
    writer?.abandon()
    #expect(folder.contents == [])
    // Releasing the writer has the same effect.
    writer = try Tables.writer(
      path: folder.file(name), field: table.field, quantities: table.quantities)
    #expect(folder.contents.count == 2)
    writer = nil
    #expect(folder.contents == [])
  }

  @Test(arguments: [("t.csv", "t-protocol.txt"), ("t.hdf5", "t.yaml")])
  func existingOutputsAreRefused(name: String, companion: String) throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 5)
    for taken in [name, companion] {
      let path = try folder.write("precious", to: taken)
      #expect(throws: OutputError.exists(path: path)) {
        try Tables.write(table, to: folder.file(name))
      }
      #expect(folder.contents == [taken])
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
      try Tables.write(table, to: folder.file(name), overwrite: true)
      #expect(try Tables.read(folder.file(name)).count == 5)
      for file in folder.contents { try FileManager.default.removeItem(atPath: folder.file(file)) }
    }
  }

  /// A name that was taken meanwhile costs no work: the files that belong together get partial
  /// names.
  @Test(arguments: ["a.csv", "a-protocol.txt"])
  func nameTakenMeanwhile(taken: String) throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 5)
    _ = try folder.write("earlier", to: "a.partial.csv")
    let writer = try Tables.writer(
      path: folder.file("a.csv"), field: table.field, quantities: table.quantities)
    try writer.append(table)
    let path = try folder.write("precious", to: taken)
    let kept = ["a.partial-2-protocol.txt", "a.partial-2.csv"].map(folder.file)
    #expect(
      throws: OutputError.kept(path: folder.file("a.csv"), in: kept, reason: "the name is taken")
    ) { try writer.finish([]) }
    writer.abandon()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    #expect(
      folder.contents.sorted()
        == (kept.map { URL(fileURLWithPath: $0).lastPathComponent }
        + [taken, "a.partial.csv"]).sorted())
    #expect(try Tables.read(kept[1]).count == 5)
  }

  /// Another run with the same output is refused while the first one is alive.
  @Test func oneRunAtATime() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.txt")
    let first = try StagedFile(path: path)
    #expect(throws: OutputError.busy(path: path)) { try StagedFile(path: path) }
    first.discard()
    try StagedFile(path: path).commit()
    #expect(folder.contents == ["a.txt"])
  }

  /// What a killed process left behind is used again or removed, unless its run can be resumed or
  /// it waits for its name.
  @Test func leftovers() throws {
    let folder = try TemporaryFolder()
    for name in [".a.txt.glint-part", ".b.txt.glint-part", ".c.tif.glint-part", ".d.part"] {
      _ = try folder.write("some bytes", to: name)
    }
    _ = try folder.write("", to: ".c.tif.glint-journal")
    let complete = try folder.write("a result", to: ".e.txt.glint-part")
    chmod(complete, 0o444)
    try StagedFile.write(Array("new".utf8), to: folder.file("a.txt"), overwrite: false)
    #expect(
      folder.contents.sorted() == [
        ".c.tif.glint-journal", ".c.tif.glint-part", ".d.part", ".e.txt.glint-part", "a.txt",
      ])
    #expect(try String(contentsOfFile: folder.file("a.txt"), encoding: .utf8) == "new")
    #expect(
      words { try StagedFile(path: folder.file("e.txt")) }.contains("waits for a name in"))
  }

  /// The output follows its folder, and a link to its target.
  @Test func foldersAndLinks() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("old"), withIntermediateDirectories: false)
    let staged = try StagedFile(path: folder.file("old/a.txt"))
    try staged.write(Array("text".utf8))
    try files.moveItem(atPath: folder.file("old"), toPath: folder.file("new"))
    try staged.commit()
    #expect(try String(contentsOfFile: folder.file("new/a.txt"), encoding: .utf8) == "text")
    try files.createSymbolicLink(
      atPath: folder.file("link.txt"), withDestinationPath: "new/a.txt")
    #expect(throws: OutputError.exists(path: folder.file("link.txt"))) {
      try StagedFile(path: folder.file("link.txt"))
    }
    try StagedFile.write(Array("more".utf8), to: folder.file("link.txt"), overwrite: true)
    #expect(try String(contentsOfFile: folder.file("new/a.txt"), encoding: .utf8) == "more")
    #expect(try files.destinationOfSymbolicLink(atPath: folder.file("link.txt")) == "new/a.txt")
  }

  @Test func twoFilesAppearTogetherOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let first = try StagedFile(path: folder.file("a.txt"))
    let second = try StagedFile(path: folder.file("b.txt"))
    try FileManager.default.removeItem(atPath: second.temporary)
    #expect(throws: OutputError.self) { try StagedFile.commit([first, second]) }
    first.discard()
    // What is complete stays, under the name that the error states.
    #expect(folder.contents == [".a.txt.glint-part"])
  }

  /// Tables that are written together replace older ones together. If one cannot be completed, the
  /// older ones stay, and the complete one gets a partial name.
  @Test func tablesAppearTogetherOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let table = sampleTable(rows: 5)
    let names = ["a.csv", "b.hdf5"]
    for name in names { try Tables.write(sampleTable(rows: 3), to: folder.file(name)) }
    let notes = Notes()
    func finish(failing: Bool) throws {
      let writers = try names.map {
        try Tables.writer(
          path: folder.file($0), field: table.field, quantities: table.quantities, overwrite: true)
      }
      try StagedFile.together(telling: notes) {
        for writer in writers {
          try writer.append(table)
          try writer.finish([])
          #expect(try names.map { try Tables.read(folder.file($0)).count } == [3, 3])
          if failing { throw OutputError.full(path: folder.file(names[1]), needed: nil) }
        }
      }
    }
    #expect(throws: OutputError.full(path: folder.file(names[1]), needed: nil)) {
      try finish(failing: true)
    }
    #expect(try names.map { try Tables.read(folder.file($0)).count } == [3, 3])
    #expect(try Tables.read(folder.file("a.partial.csv")).count == 5)
    #expect(notes.lines.count == 1 && notes.lines[0].contains("a.partial.csv"))
    #expect(!folder.contents.contains { $0.hasPrefix(".") })
    try finish(failing: false)
    #expect(try names.map { try Tables.read(folder.file($0)).count } == [5, 5])
  }

  @Test func impossiblePlaces() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("", to: "file")
    let table = sampleTable(rows: 1)
    #expect(
      words { try Tables.write(table, to: folder.file("no/t.csv")) }.hasPrefix(
        "cannot write \(folder.file("no/t.csv")): no such file or directory\nhint: "))
    #expect(words { try Tables.write(table, to: file + "/t.csv") }.contains("not a directory"))
    try FileManager.default.createDirectory(
      atPath: folder.file("d.csv"), withIntermediateDirectories: false)
    #expect(
      words { try Tables.write(table, to: folder.file("d.csv"), overwrite: true) }.contains(
        "it is a folder"))
    #expect(
      words { try StagedFile(path: "/dev/null", overwrite: true) }.contains("not a regular file"))
    #expect(
      words { try Tables.write(table, to: folder.file("t.xlsx")) }.contains(
        "is not a supported table format")
    )
  }

  @Test(.filePermissions) func unwritableFolder() throws {
    let folder = try TemporaryFolder()
    chmod(folder.path, 0o555)
    defer { chmod(folder.path, 0o755) }
    #expect(
      words { try Tables.write(sampleTable(rows: 1), to: folder.file("t.csv")) }.contains(
        "permission denied"))
  }

  @Test(.fullDevice) func fullDiskIsSaid() throws {
    let folder = try TemporaryFolder()
    let file = try StagedFile(path: folder.file("out.csv"))
    dup2(open("/dev/full", O_RDWR), file.descriptor)
    var sink = FileSink(file)
    try sink.write("")
    let complaint = words { try sink.write("twelve bytes") }
    #expect(
      complaint.hasPrefix(
        "no space left to write \(folder.file("out.csv")), at least 12 bytes are needed"))
    #expect(complaint.contains("\nhint: "))
  }

  @Test func signalHandlerFindsTheTemporaries() throws {
    TemporaryNames.prepare()
    let folder = try TemporaryFolder()
    let staged = try StagedFile(path: folder.file("a.txt"))
    #expect(folder.contents.count == 1)
    #expect(TemporaryNames.current.contains(staged.temporary))
    staged.discard()
    #expect(!TemporaryNames.current.contains(staged.temporary))
  }
}

#if compiler(>=6.2)
  /// A limit on the size of files, in a separate process, simulates a full disk.
  @Suite struct FullDiskTests {
    private static func limitFiles(to bytes: rlim_t) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(1), &limit)
      limit.rlim_cur = bytes
      setrlimit(__rlimit_resource_t(1), &limit)
    }

    @Test func tablesLeaveNothing() async {
      await #expect(processExitsWith: .success) {
        let folder = try TemporaryFolder()
        let table = sampleTable(rows: 60_000)
        Self.limitFiles(to: 1_000_000)
        for name in ["t.csv", "t.hdf5"] {
          let complaint = words { try Tables.write(table, to: folder.file(name)) }
          #expect(complaint.contains("cannot write \(folder.file(name)): file too large"))
          #expect(folder.contents == [])
        }
        // Rows accepted before the disk was full can be finished under another name.
        for name in ["t.csv", "t.hdf5"] {
          let writer = try Tables.writer(
            path: folder.file(name), field: table.field, quantities: table.quantities)
          var safe = 0
          do {
            while true {
              try writer.append(table.selecting(safe..<safe + 300))
              safe += 300
            }
          } catch {}
          try writer.rename(to: folder.file("partial-" + name))
          try writer.finish(table.provenance)
          let kept = try Tables.read(folder.file("partial-" + name))
          #expect(safe > 1000)
          #expect(kept.frame == Array(table.frame[..<safe]))
          #expect(folder.contents.count == 2)
          for file in folder.contents {
            try FileManager.default.removeItem(atPath: folder.file(file))
          }
        }
        // What fits is still written.
        try Tables.write(table.selecting(0..<10), to: folder.file("s.hdf5"))
        #expect(try Tables.read(folder.file("s.hdf5")).count == 10)
      }
    }

    @Test func picturesLeaveNothing() async {
      await #expect(processExitsWith: .success) {
        let folder = try TemporaryFolder()
        var random = SampleGenerator(seed: 1)
        let pixels = (0..<1_000_000).map { _ in Float.random(in: 0...1, using: &random) }
        let image = Image(width: 1000, height: 1000, pixels: pixels)
        Self.limitFiles(to: 300_000)
        for name in ["p.tif", "p.png"] {
          let complaint = words { try Images.write(image, to: folder.file(name)) }
          #expect(complaint.contains("file too large"))
          #expect(folder.contents == [])
        }
      }
    }
  }
#endif
