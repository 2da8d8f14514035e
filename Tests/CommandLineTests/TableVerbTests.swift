import ArgumentParser
import Formats
import Foundation
import Microscopy
import TestSupport
import Testing

@testable import glint

/// A step and its verb, as an example of what a new one needs.
private struct Early: StreamingStep {
  var frames: Int
  var action: String { "early" }
  var settings: [String: String] { ["frames": "\(frames)"] }

  func apply(to batch: Localizations) -> Localizations {
    batch.selecting(batch.frame.indices.filter { batch.frame[$0] < frames })
  }
}

private struct EarlyVerb: TableVerb {
  static let configuration = CommandConfiguration(commandName: "early")
  @OptionGroup var input: TableInput
  @OptionGroup var output: TableOutput
  @Option(help: "Frames to keep.") var frames = 2
  func step() -> any TableStep { Early(frames: frames) }
}

@Suite struct TableVerbTests {
  @Test func aStepNeedsOneVerb() throws {
    try withScratchFolder { folder in
      let (input, output) = (folder.path + "/a.csv", folder.path + "/b.hdf5")
      try Data("frame,x [nm],y [nm]\n1,3000,3000\n2,4000,3000\n3,4000,3000\n".utf8)
        .write(to: URL(fileURLWithPath: input))
      var verb = try EarlyVerb.parse([input, "-o", output, "--pixel-size", "100"])
      try verb.run()
      let table = try Tables.read(output)
      #expect(table.frame == [0, 1] && table.field.pixelSize == 100)
      #expect(table.provenance.map(\.action) == ["early"])
      var again = try EarlyVerb.parse([input, "-o", output, "--pixel-size", "100"])
      #expect(throws: OutputError.self) { try again.run() }
    }
  }

  /// `convert IN OUT` and `convert IN -o OUT` are the same.
  @Test func convertNamesItsOutputTwoWays() throws {
    try inShell { shell in
      try shell.sh("printf 'frame,x [nm],y [nm]\\n1,3000,3000\\n' > a.csv").expectSuccess()
      try shell.glint("convert", "a.csv", "b.csv", "--pixel-size", "100").expectSuccess()
      let other = try shell.glint("convert", "a.csv", "-o", "c.csv", "--pixel-size", "100")
      #expect(other.output == "1 rows in c.csv\n")
      try shell.sh("cmp b.csv c.csv").expectSuccess()
      for line in ["convert a.csv", "convert a.csv d.csv -o e.csv"] {
        let refused = try shell.sh("\"$GLINT\" \(line)")
        #expect(refused.status == 2 && refused.complaint.hasPrefix("error: "), "\(refused.errors)")
      }
    }
  }
}
