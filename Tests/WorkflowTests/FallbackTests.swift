import Compute
import Formats
import Foundation
import Localization
import Microscopy
import TestSupport
import Testing
import Workflow

/// A device failure, at any call and any time, gives one line of notice and loses no row.
@Suite struct FallbackTests {
  @Test(arguments: UnwellDevice.Call.allCases, [1, 2, 5, 8])
  func failingDevice(_ call: UnwellDevice.Call, time: Int) throws {
    let movie = try smallMovie()
    for recipe in [smallRecipe(), smallRecipe(.gradient)] {
      let own = try localize(movie, recipe, batch: 3)
      let other = try localize(
        movie, recipe, on: UnwellDevice(at: call, time: time), batch: 3, capacity: 2)
      #expect(other.rows == own.rows)
      #expect(other.report.localizations == own.report.localizations)
      #expect(other.report.fits == own.report.fits)
      #expect(other.report.dropped == own.report.dropped)
      // With room for two spots per frame, each kind of call is frequent, except compiling.
      if call != .compile || time == 1 {
        #expect(other.notes.count == 1, "\(other.notes)")
        #expect(
          other.notes.first?.hasPrefix("computing on cpu instead of opencl:unwell: ") == true)
        #expect(other.report.device.hasPrefix("cpu:"))
        #expect(other.report.notes == other.notes)
      }
    }
  }

  @Test func failingProcessorEndsTheRun() throws {
    let movie = try smallMovie()
    let notes = Notes()
    let bent = BentDevice(CPUDevice(threads: 1), .failsAtRun(3))
    let region = PixelRegion(x: 0, y: 0, width: 56, height: 48)
    let run = try LocalizeRun(
      movie, stage: try smallRecipe().stage(nil, for: region, in: movie.info),
      frames: 0..<24, region: region, devices: [bent], batch: 4, observer: notes)
    let rows = RowCollector()
    #expect(throws: DeviceError.self) {
      try run.run(into: [rows])
    }
    #expect(notes.lines.isEmpty)
    #expect(run.framesSafe == [8])
    #expect(rows.table.frame.max().map { $0 < 8 } == true)
  }

  /// A reading error ends the run; what came before it is complete.
  @Test func unreadableFrame() throws {
    struct Torn: Movie {
      let whole: any Movie
      var info: MovieInfo { whole.info }
      func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
        if frames.contains(13) {
          throw MovieError(.truncated, "frame 13 is cut", file: "torn.tif", frame: 13)
        }
        try whole.read(frames, into: buffer)
      }
    }
    try withScratchFolder { folder in
      let movie = Torn(whole: try smallMovie())
      let csv = folder.appendingPathComponent("a.csv").path
      let job = LocalizeJob(
        source: movie, recipe: smallRecipe(), maps: nil, devices: [CPUDevice(threads: 1)],
        threads: 1, outputs: [csv], report: csv + ".json", batch: 4)
      #expect {
        try job.run()
      } throws: {
        "\($0)"
          == "torn.tif: frame 13 is cut (frame 13)\nhint: process the frames before it with "
          + "frames 0:13"
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(left == [".a.csv.glint-journal", "a.partial-protocol.txt", "a.partial.csv"])
      let rows = try Tables.read(folder.appendingPathComponent("a.partial.csv").path)
      let own = try localize(movie.whole, smallRecipe(), frames: 0..<12)
      #expect(rows.frame == own.table.frame)
      // A second time: finished files are not replaced.
      #expect(throws: MovieError.self) { try job.run() }
      #expect(
        FileManager.default.fileExists(
          atPath: folder.appendingPathComponent("a.partial-2.csv").path))
    }
  }
}
