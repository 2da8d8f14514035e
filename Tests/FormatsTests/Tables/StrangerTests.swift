import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Tables from unknown sources, or that change while they are read.
@Suite struct StrangerTests {
  /// Data that a table refers to in another file are not read: it could be any file of the user.
  @Test(
    .python("h5py"),
    arguments: [
      #"f["locs"] = h5py.ExternalLink("/etc/passwd", "/locs")"#,
      #"f.create_dataset("locs", (4,), [("frame", "u4"), ("x", "f4"), ("y", "f4")], external="/etc/passwd")"#,
    ])
  func otherFilesAreNotOpened(_ line: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("t.hdf5")
    let script = "import h5py\nwith h5py.File(\"\(path)\", \"w\") as f: \(line)\n"
    #expect(try Python.run(script).isEmpty)
    do {
      _ = try Tables.read(path)
      Issue.record("the table was read")
    } catch let error as TableError {
      guard case .unsupported = error else {
        Issue.record("\(error)")
        return
      }
      #expect("\(error)".contains("not opened\nhint: copy it into one file"))
    }
  }

  @Test func tableThatShrinksIsDamaged() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("t.hdf5")
    try Tables.write(sampleTable(rows: 200_000), to: path)
    var rows = 0
    #expect {
      try Tables.forEachBatch(in: path) { batch in
        rows += batch.count
        #expect(truncate(path, 1_000_000) == 0)
      }
    } throws: { error in
      error is TableError && "\(error)".contains(" bytes shorter while it was read")
    }
    #expect(rows > 0 && rows < 200_000)
  }
}
