import Foundation
import TestSupport
import Testing

@testable import Containers

/// The door through which every input is opened.
@Suite struct InputFileTests {
  private func fault(_ path: String) -> FileFault? {
    do {
      _ = try InputFile(path)
      return nil
    } catch { return error }
  }

  /// A pipe without a writer would block for ever.
  @Test func onlyRegularFilesAreOpened() throws {
    try withScratchFolder { folder in
      let path = { folder.appendingPathComponent($0).path }
      #expect(mkfifo(path("pipe"), 0o600) == 0)
      for (link, target) in [("a", path("pipe")), ("b", "a"), ("c", "/dev/zero"), ("d", "d")] {
        #expect(symlink(target, path(link)) == 0)
      }
      for name in ["pipe", "a", "b"] {
        let refused = try #require(fault(path(name)))
        #expect(refused.words.contains("is a pipe and not a file") && refused.kind == .refusal)
        #expect(refused.hint?.contains("into a file first") == true)
      }
      for name in [path("c"), "/dev/null", "/dev/tty"] {
        #expect(fault(name)?.words.contains("is a device and not a file") == true, "\(name)")
      }
      #expect(fault(folder.path)?.words == "is a folder, not a file")
      #expect(fault(path("none"))?.kind == .missing)
      #expect(fault(path("none/deeper"))?.kind == .missing)
      #expect(fault(path("d"))?.kind == .unreadable)
      try Data("abc".utf8).write(to: folder.appendingPathComponent("file"))
      #expect(symlink("file", path("e")) == 0)
      #expect(try InputFile.contents(of: path("e")) == Array("abc".utf8))
      #expect(throws: FileFault.self) { try InputFile.contents(of: path("e"), atMost: 2) }
    }
  }

  @Test func changesAreTold() throws {
    try withScratchFolder { folder in
      let url = folder.appendingPathComponent("f")
      try Data(repeating: 1, count: 100).write(to: url)
      let file = try InputFile(url.path)
      #expect(file.change == nil)
      let writer = try FileHandle(forUpdating: url)
      defer { try? writer.close() }
      try write(Data([2]), to: writer)
      #expect(file.change == "was written to, with the same size")
      try writer.truncate(atOffset: 90)
      #expect(file.change == "became 10 bytes shorter")
      #expect(throws: FileFault.self) { try file.bytes(at: 0, count: 100) }
      try writer.truncate(atOffset: 130)
      #expect(file.change == "became 30 bytes longer")
      // By name, an exchanged file is another one.
      let stamp = try #require(FileStamp(url.path))
      try Data(repeating: 1, count: 130).write(to: url, options: .atomic)
      #expect(stamp.change(to: FileStamp(url.path)) == "was replaced")
      #expect(stamp.change(to: nil) == "was removed or renamed")
      // An open file that lost its name is still whole.
      let other = try InputFile(url.path)
      try FileManager.default.removeItem(at: url)
      #expect(other.change == nil)
    }
  }

  /// Overwrites the first byte, at a time that the file system can tell from the last one.
  private func write(_ data: Data, to writer: FileHandle) throws {
    usleep(20_000)
    try writer.seek(toOffset: 0)
    try writer.write(contentsOf: data)
  }
}
