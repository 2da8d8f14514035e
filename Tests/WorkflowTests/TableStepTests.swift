import Formats
import Foundation
import Microscopy
import TestSupport
import Testing
import Workflow

/// Keeps rows with a minimum number of photons: all the code that a new step needs.
struct Bright: StreamingStep {
  var photons: Double
  var action: String { "bright" }
  var settings: [String: String] { ["photons": "\(photons)"] }

  func apply(to batch: Localizations) -> Localizations {
    let photons = batch[.photons] ?? []
    return batch.selecting(photons.indices.filter { photons[$0] >= self.photons })
  }
}

/// A step that needs every row: the last frame first.
private struct Backwards: WholeTableStep {
  var action: String { "backwards" }

  func apply(to table: Localizations) -> Localizations {
    table.selecting(table.frame.indices.reversed())
  }
}

private struct Unwell: StreamingStep {
  struct Failure: Error {}
  var action: String { "unwell" }
  func apply(to batch: Localizations) throws -> Localizations { throw Failure() }
}

@Suite struct TableStepTests {
  private func table(_ rows: Int) -> Localizations {
    var table = Localizations(
      field: FieldOfView(width: 64, height: 64, frames: rows, pixelSize: 100))
    table.frame = Array(0..<rows)
    table[.x] = (0..<rows).map { Double($0 % 60) }
    table[.y] = (0..<rows).map { Double($0 % 50) }
    table[.photons] = (0..<rows).map { Double($0 % 1000) }
    table.provenance = [ProvenanceStep(program: "Test", version: "1", action: "made")]
    return table
  }

  @Test func aStepIsOneType() throws {
    try withScratchFolder { folder in
      let (input, output) = (folder.path + "/a.hdf5", folder.path + "/b.hdf5")
      // More rows than one batch.
      try Tables.write(table(200_000), to: input)
      let rows = try TableJob(input, steps: [Bright(photons: 900), Backwards()]).run(to: output)
      #expect(rows == 20_000)
      let result = try Tables.read(output)
      #expect(result.frame.first == 199_999 && result.frame.last == 900)
      #expect(result[.photons]?.allSatisfy { $0 >= 900 } == true)
      #expect(result.provenance.map(\.action) == ["made", "bright", "backwards"])
      #expect(result.provenance[1].settings["photons"] == "900.0")
      #expect(result.provenance[1].settings["input"] == input)
      // A table without rows keeps its columns through every step.
      try TableJob(input, steps: [Bright(photons: 1e9), Backwards()])
        .run(to: output, overwrite: true)
      let empty = try Tables.read(output)
      #expect(empty.count == 0 && empty[.photons] != nil)
    }
  }

  @Test func whatFailsLeavesNothing() throws {
    try withScratchFolder { folder in
      let input = folder.path + "/a.csv"
      try Tables.write(table(10), to: input)
      let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(throws: Unwell.Failure.self) {
        try TableJob(input, steps: [Unwell()]).run(to: folder.path + "/b.csv")
      }
      #expect {
        try TableJob(input).run(to: input, overwrite: true)
      } throws: { "\($0)".contains("is an input of this run") }
      #expect(throws: TableError.self) {
        try TableJob(folder.path + "/none.csv").run(to: folder.path + "/b.hdf5")
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
    }
  }
}
