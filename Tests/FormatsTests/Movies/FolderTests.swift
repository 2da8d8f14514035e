import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Folders of frames: what belongs to the movie, and what is missing.
@Suite struct FolderTests {
  private func write(
    _ folder: TemporaryFolder, _ name: String, _ values: [UInt16], width: Int = 1,
    description: String? = nil
  ) throws {
    var tiff = HandTIFF()
    for value in values {
      tiff.page(
        [UInt16](repeating: value, count: width), width: width, height: 1, description: description)
    }
    _ = try folder.write(tiff.bytes, to: name)
  }

  private func firsts(
    _ folder: TemporaryFolder, _ planes: [PlaneAxis: PlaneChoice] = [:]
  ) throws -> [Double] {
    let movie = try Movies.open(folder.path, options: MovieOptions(planes: planes))
    return try (0..<movie.info.frames).map { try movie.pixels($0..<($0 + 1))[0] }
  }

  @Test func missingNumbersAreNamed() throws {
    let folder = try TemporaryFolder()
    for frame in [0, 1, 2, 5, 6, 9, 12] {
      try write(folder, String(format: "img_%04d.tif", frame), [UInt16(frame)])
    }
    let movie = try Movies.open(folder.path)
    #expect(movie.info.frames == 7)
    #expect(
      movie.info.notes == [
        "file numbers 3 to 4, 7 to 8, 10 to 11 are missing; the frames behind a gap are "
          + "numbered as if there were none"
      ])
    let tenth = try TemporaryFolder()
    for frame in 0..<4 { try write(tenth, "t\(frame * 10).tif", [UInt16(frame)]) }
    #expect(try Movies.open(tenth.path).info.notes.isEmpty)
    try write(tenth, "t010.tif", [5])
    #expect(try movieError(tenth.path)?.what.contains("same number") == true)
  }

  @Test func aProjectionIsNoFrame() throws {
    let folder = try TemporaryFolder()
    for frame in 1...4 { try write(folder, "frame\(frame).tif", [UInt16(frame)]) }
    // It would be frame 0: capital letters come first.
    try write(folder, "AVG_frame.tif", [99])
    let movie = try Movies.open(folder.path)
    #expect(try movie.allPixels() == [1, 2, 3, 4])
    #expect(
      movie.info.notes == ["left out, because its name is unlike frame1.tif: AVG_frame.tif"])
    try FileManager.default.removeItem(atPath: folder.file("AVG_frame.tif"))
    // The odd one out is named, also if it comes first.
    try write(folder, "frame0.tif", [9, 9], width: 1)
    #expect(try movieError(folder.path)?.what.contains("several pages") == true)
    try write(folder, "frame0.tif", [9], width: 2)
    let size = try #require(try movieError(folder.path))
    #expect(size.kind == .inconsistent && size.frame == 0 && size.file.hasSuffix("frame0.tif"))
    #expect(size.what == "2 x 1 pixels (uint16) in a folder of 1 x 1 pixels (uint16)")
    try write(folder, "frame0.tif", [9], description: "ImageJ=1.5\ncf=0\nc0=-32768\nc1=1\n")
    #expect(try movieError(folder.path)?.what.contains("values -32768.0 + 1.0 × number") == true)
  }

  @Test func severalPagesInAnyFile() throws {
    let folder = try TemporaryFolder()
    for frame in 1...4 { try write(folder, "f\(frame).tif", frame == 3 ? [3, 4] : [1]) }
    let error = try #require(try movieError(folder.path))
    #expect(error.kind == .inconsistent && error.file.hasSuffix("f3.tif"))
    #expect(error.hint?.text().contains("open one of the files") == true)
    try write(folder, "f3.tif", [3], description: "ImageJ=1.5\nimages=7\nframes=7\n")
    #expect(try movieError(folder.path)?.file.hasSuffix("f3.tif") == true)
  }

  @Test func twoMoviesInOneFolder() throws {
    let folder = try TemporaryFolder()
    for frame in 0..<3 {
      try write(folder, "a_\(frame).tif", [1])
      try write(folder, "b_\(frame).tif", [2])
    }
    let error = try #require(try movieError(folder.path))
    #expect(error.what == "the folder holds TIFFs of several kinds: 3 like a_0.tif, 3 like b_0.tif")
    let runs = try TemporaryFolder()
    for run in 1...2 {
      for frame in 0..<3 { try write(runs, "run\(run)_frame\(frame).tif", [1]) }
    }
    #expect(try movieError(runs.path)?.what.contains("several movies") == true)
    // Unrelated names are taken in their order, with a word.
    let words = try TemporaryFolder()
    for name in ["b", "a"] { try write(words, "\(name).tif", [1]) }
    #expect(try Movies.open(words.path).info.notes.first?.contains("no number in common") == true)
    // A time stamp beside the number.
    let stamps = try TemporaryFolder()
    for frame in 0..<3 { try write(stamps, "f\(frame)_1200\(frame * 7).tif", [UInt16(frame)]) }
    #expect(try firsts(stamps) == [0, 1, 2])
  }

  @Test func namesThatStateAxes() throws {
    let folder = try TemporaryFolder()
    for time in 0..<3 {
      for channel in 0..<2 {
        try write(
          folder,
          String(format: "img_channel%03d_position000_time%09d_z000.tif", channel, time),
          [UInt16(10 * channel + time)])
      }
    }
    let error = try movieError(folder.path)
    #expect(error?.kind == .choice && error?.what.contains("2 channels") == true)
    #expect(try firsts(folder, [.channel: .number(2)]) == [10, 11, 12])
    try FileManager.default.removeItem(
      atPath: folder.file("img_channel001_position000_time000000001_z000.tif"))
    #expect(try movieError(folder.path)?.what.contains("do not fill their grid") == true)
  }
}
