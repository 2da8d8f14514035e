import Foundation
import Microscopy
import Reporting
import TestConditions
import TestSupport
import Testing

@testable import Formats

/// Nikon ND2. Lossless files, version 2 and files without a map are made here from the layout.
@Suite struct ND2Tests {
  // MARK: Files of NIS-Elements; sums by the Python package nd2 0.12

  @Test(.data("formats/nd2/example-timelapse.nd2")) func timeLapse() throws {
    let movie = try Movies.open(SharedData.path("formats/nd2/example-timelapse.nd2"))
    #expect(
      (movie.info.frames, movie.info.width, movie.info.height) == (53, 64, 64)
        && movie.info.axes.isEmpty && movie.info.notes.isEmpty && movie.info.truncation == nil)
    let sums = try sums(movie)
    #expect(sums.prefix(3) == [14_751_679, 14_606_128, 14_566_442])
    #expect(sums.suffix(2) == [15_031_956, 15_082_258])
    #expect(sums.reduce(0, +) == 770_239_150)
    #expect(try movie.pixels(0..<1).prefix(3) == [596, 588, 618])
    #expect(movie.info.pixelSize == 325)
    #expect(movie.info.metadata["exposure"] == "500 ms")
    #expect(movie.info.metadata["frame interval"] == "500.16 ms")
    #expect(movie.info.metadata["camera"] == "Fusion, SN:500651")
    #expect(movie.info.metadata["channels"] == "GFP 488 nm")
    #expect(movie.info.metadata["recorded"] == "2025-03-27T23:22:35Z")
  }

  @Test(.data("formats/nd2/example-cerevisiae.nd2")) func twoChannels() throws {
    let path = SharedData.path("formats/nd2/example-cerevisiae.nd2")
    let all = try Movies.openAll(path)
    #expect(all.info.axes.map(\.axis) == [.time, .channel])
    #expect(all.info.axes.last?.names == ["DIC", "FITC BP"])
    #expect(try sums(all) == [1_755_639_857, 23_435_202])
    #expect(all.info.metadata["exposure"] == "100 ms, 300 ms")
    #expect(all.info.pixelSize == 108.333)
    #expect(throws: MovieError.self) { try Movies.open(path) }
    let second = try Movies.open(
      path, options: MovieOptions(planes: [.channel: .named("FITC BP")]))
    #expect(second.info.frames == 1)
    #expect(try sums(second) == [23_435_202])
  }

  // MARK: Files from the layout

  private static let width = 7
  private static let height = 5

  private func planes(_ count: Int) -> [[UInt16]] {
    (0..<count).map { testPixels(Self.width * Self.height, seed: UInt64($0 + 1)) }
  }

  private func values(_ planes: [[UInt16]]) -> [Double] { planes.flatMap { $0.map(Double.init) } }

  @Test(arguments: [false, true]) func paddedRowsAndManyFrames(isCompressed: Bool) throws {
    let folder = try TemporaryFolder()
    let planes = planes(12)
    for (nameBytes, rowBytes) in [(nil, 16), (nil, 14), (4072, 16)] as [(Int?, Int)] {
      var file = ND2File(width: Self.width, height: Self.height, rowBytes: rowBytes)
      file.isCompressed = isCompressed
      file.nameBytes = nameBytes
      file.frames = planes.map(file.rows)
      let movie = try Movies.open(try folder.write(file.bytes, to: "a.nd2"))
      #expect(movie.info.frames == 12)
      #expect(movie.info.truncation == nil)
      #expect(movie.info.storage == "uint16 little-endian" + (isCompressed ? ", zlib" : ""))
      #expect(try movie.allPixels() == values(planes))
      #expect(try movie.pixels(11..<12) == values([planes[11]]))
    }
  }

  @Test func bytesAndFloats() throws {
    let folder = try TemporaryFolder()
    var bytes = ND2File(width: 5, height: 2, rowBytes: 8, bits: 8)
    bytes.frames = [[1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 8, 9, 255, 0, 0, 0]]
    #expect(
      try Movies.open(try folder.write(bytes.bytes, to: "b.nd2")).allPixels()
        == [1, 2, 3, 4, 5, 6, 7, 8, 9, 255])
    var floats = ND2File(width: 2, height: 1, rowBytes: 8, bits: 32)
    floats.frames = [[0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0]]
    #expect(
      try Movies.open(try folder.write(floats.bytes, to: "f.nd2")).allPixels() == [1.5, -2])
  }

  @Test func componentsAreChannels() throws {
    let folder = try TemporaryFolder()
    let (red, green) = (planes(3), planes(6).suffix(3).map { $0 })
    var file = ND2File(width: Self.width, height: Self.height, rowBytes: 28, components: 2)
    file.frames = zip(red, green).map { red, green in
      zip(red, green).flatMap { [$0, $1].flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] } }
    }
    let path = try folder.write(file.bytes, to: "c.nd2")
    let all = try Movies.openAll(path)
    #expect(all.info.axes == [AxisExtent(.time, 3), AxisExtent(.channel, 2)])
    for (channel, expected) in [(1, red), (2, green)] {
      let movie = try Movies.open(path, options: MovieOptions(planes: [.channel: .number(channel)]))
      #expect(try movie.allPixels() == values(expected))
    }
  }

  @Test func colourIsSaid() throws {
    let folder = try TemporaryFolder()
    var file = ND2File(width: 2, height: 1, rowBytes: 8, bits: 8, components: 3)
    file.frames = [[1, 2, 3, 4, 5, 6, 0, 0]]
    file.picture = .level(
      "SLxPictureMetadata",
      [
        .double("dCalibration", 0.16),
        .level(
          "sPicturePlanes",
          [
            .level(
              "sPlaneNew",
              [.level("a0", [.uint32("uiCompCount", 3), .text("sDescription", "Brightfield")])])
          ]),
      ])
    let path = try folder.write(file.bytes, to: "c.nd2")
    let all = try Movies.openAll(path)
    #expect(all.info.notes.contains { $0.contains("colour") })
    #expect(
      all.info.axes.last?.names
        == ["Brightfield blue", "Brightfield green", "Brightfield red"])
    #expect(all.info.pixelSize == 160)
    let red = try Movies.open(path, options: MovieOptions(planes: [.channel: .number(3)]))
    #expect(try red.allPixels() == [3, 6])
  }

  @Test func loopsAreAxes() throws {
    let folder = try TemporaryFolder()
    var file = ND2File(width: Self.width, height: Self.height, rowBytes: 14)
    func open(_ loops: [ND2File.Record]?, frames: Int) throws -> MovieInfo {
      file.experiment = loops.map { .nested($0) }
      file.frames = planes(frames).map(file.rows)
      return try Movies.openAll(try folder.write(file.bytes, to: "l.nd2")).info
    }
    let positions = ND2File.loop(
      2,
      [
        .level(
          "Points",
          ["A", "B", "C"].map {
            .level("", [.double("dPosX", 1), .text("dPosName", $0)])
          })
      ], more: [.bytes("pItemValid", [1, 0, 1])])
    let slices = ND2File.loop(4, [.uint32("uiCount", 4)])
    let times = ND2File.loop(1, [.uint32("uiCount", 2)])
    let both = AxisExtent(.position, 2, names: ["A", "C"])
    var info = try open([times, positions, slices], frames: 16)
    #expect(info.axes == [AxisExtent(.time, 2), both, AxisExtent(.slice, 4)])
    #expect(info.notes.isEmpty)
    #expect(info.frames == 16)
    // Interrupted in the second round.
    info = try open([positions, times, slices], frames: 13)
    #expect(info.axes == [both, AxisExtent(.time, 2), AxisExtent(.slice, 4)])
    #expect(info.frames == 13)
    #expect(info.notes.contains { $0.contains("has 13 frames") })
    // Interrupted in the first round.
    info = try open([positions, times, slices], frames: 7)
    #expect(
      info.axes
        == [AxisExtent(.position, 1, names: ["A"]), AxisExtent(.time, 2), AxisExtent(.slice, 4)])
    info = try open([positions, times, slices], frames: 3)
    #expect(info.axes.map(\.count) == [1, 1, 3])
    // More frames than loops explain.
    info = try open([slices], frames: 5)
    #expect(info.axes.isEmpty)
    #expect(info.notes.contains { $0.contains("4 slices") && $0.contains("5 frames") })
    info = try open([ND2File.loop(7, [.uint32("uiCount", 5)])], frames: 5)
    #expect(info.axes.isEmpty)
    #expect(info.notes.count == 1)
    // Several periods, the second of which was not used.
    let periods = ND2File.loop(
      8,
      [
        .level(
          "pPeriod",
          [3, 9, 4].map { .level("", [.uint32("uiCount", $0)]) }),
        .bytes("pPeriodValid", [1, 0, 1]),
      ])
    info = try open([periods, ND2File.loop(6, [.uint32("uiCount", 1)])], frames: 7)
    #expect(info.axes.isEmpty)
    #expect(info.notes.isEmpty)
    info = try open([periods, slices], frames: 28)
    #expect(info.axes == [AxisExtent(.time, 7), AxisExtent(.slice, 4)])
    #expect(info.metadata["frame interval"] == "40 ms")
    #expect(try open(nil, frames: 2).axes.isEmpty)
  }

  @Test func withoutItsMapTheFileIsSearched() throws {
    let folder = try TemporaryFolder()
    let planes = planes(11)
    var file = ND2File(width: Self.width, height: Self.height, rowBytes: 14)
    file.frames = planes.map(file.rows)
    file.hasMap = false
    let path = try folder.write(file.bytes, to: "m.nd2")
    let error = #expect(throws: MovieError.self) { try Movies.open(path) }
    #expect(error?.kind == .truncated && error?.frame == 11)
    let movie = try Movies.open(path, options: MovieOptions(acceptsTruncated: true))
    #expect(try movie.allPixels() == values(planes))
    // Cut off within the last frame.
    _ = try folder.write(file.bytes.dropLast(20), to: "m.nd2")
    let cut = try Movies.open(path, options: MovieOptions(acceptsTruncated: true))
    #expect(try cut.allPixels() == values(Array(planes.prefix(10))))
    // The attributes were never written.
    file.attributesLast = true
    _ = try folder.write(file.bytes.dropLast(700), to: "m.nd2")
    #expect(try movieError(path)?.kind == .truncated)
  }

  @Test func aGapEndsTheMovie() throws {
    let folder = try TemporaryFolder()
    let planes = planes(5)
    var file = ND2File(width: Self.width, height: Self.height, rowBytes: 14)
    file.frames = planes.map(file.rows)
    file.numbers = [0, 1, 3, 4, 5]
    let path = try folder.write(file.bytes, to: "g.nd2")
    #expect(try movieError(path)?.what.contains("frame 2 is missing") == true)
    let movie = try Movies.open(path, options: MovieOptions(acceptsTruncated: true))
    #expect(try movie.allPixels() == values(Array(planes.prefix(2))))
  }

  @Test func version2AndCompressedMetadata() throws {
    let folder = try TemporaryFolder()
    let planes = planes(4)
    var file = ND2File(width: Self.width, height: Self.height, rowBytes: 14)
    file.frames = planes.map(file.rows)
    file.isXML = true
    file.picture = .level(
      "SLxPictureMetadata",
      [
        .double("dCalibration", 0.1),
        .level(
          "sPicturePlanes",
          [
            .level("sPlane", [.level("a0", [.text("sDescription", "A & B")])]),
            .level("sSampleSetting", [.level("a0", [.double("dExposureTime", 30)])]),
          ]),
      ])
    file.experiment = .nested([
      ND2File.loop(1, [.uint32("uiCount", 2)]), ND2File.loop(4, [.uint32("uiCount", 2)]),
    ])
    var movie = try Movies.openAll(try folder.write(file.bytes, to: "v.nd2"))
    #expect(movie.info.axes == [AxisExtent(.time, 2), AxisExtent(.slice, 2)])
    #expect(movie.info.pixelSize == 100)
    #expect(movie.info.metadata["exposure"] == "30 ms")
    #expect(movie.info.metadata["channels"] == "A & B")
    #expect(try movie.allPixels() == values(planes))
    file.isXML = false
    file.packsMetadata = true
    movie = try Movies.openAll(try folder.write(file.bytes, to: "v.nd2"))
    #expect(movie.info.axes == [AxisExtent(.time, 2), AxisExtent(.slice, 2)])
    #expect(movie.info.pixelSize == 100)
    #expect(try movie.allPixels() == values(planes))
  }

  @Test func theCameraIsDescribed() throws {
    let folder = try TemporaryFolder()
    var file = ND2File(width: Self.width, height: Self.height, rowBytes: 14)
    file.frames = planes(2).map(file.rows)
    file.significantBits = 12
    file.picture = .level("SLxPictureMetadata", [.double("dCalibration", -1)])
    file.texts = .level(
      "SLxImageTextInfo",
      [
        .text(
          "TextInfoItem_6",
          "Andor iXon, SN:1\r\n  Exposure: 30 ms\r\n  Multiplier: 300\r\n  Binning: 1x1")
      ])
    let info = try Movies.open(try folder.write(file.bytes, to: "t.nd2")).info
    #expect(info.metadata["EM gain"] == "300")
    #expect(info.metadata["significant bits"] == "12")
    #expect(info.metadata["capturing"]?.contains("Exposure: 30 ms") == true)
    #expect(info.pixelSize == nil)
  }

  @Test func othersAreRefusedByName() throws {
    let folder = try TemporaryFolder()
    let old = try folder.write(
      [0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20] + [UInt8](repeating: 0, count: 100), to: "o.nd2")
    #expect(try movieError(old)?.kind == .unsupported)
    #expect(try movieError(old)?.what.contains("JPEG 2000") == true)
    var file = ND2File(width: Self.width, height: Self.height, rowBytes: 14)
    file.frames = planes(1).map(file.rows)
    file.compression = 1
    #expect(
      try movieError(try folder.write(file.bytes, to: "x.nd2"))?.what.contains("lossy") == true)
    file.compression = 2
    file.frames = []
    #expect(try movieError(try folder.write(file.bytes, to: "x.nd2"))?.kind == .noFrames)
  }

  @Test func hostileSizesAreRefused() throws {
    let folder = try TemporaryFolder()
    func kind(_ change: (inout ND2File) -> Void) throws -> MovieError.Kind? {
      var file = ND2File(width: Self.width, height: Self.height, rowBytes: 14)
      file.frames = planes(2).map(file.rows)
      change(&file)
      return try movieError(try folder.write(file.bytes, to: "h.nd2"))?.kind
    }
    #expect(try kind { _ in } == nil)
    #expect(try kind { $0.width = 1 << 31 } == .inconsistent)
    #expect(try kind { $0.height = 1 << 30 } == .inconsistent)
    #expect(try kind { $0.height = 0 } == .inconsistent)
    #expect(try kind { $0.rowBytes = 13 } == .inconsistent)
    #expect(try kind { $0.rowBytes = 0xFFFF_FFFF } == .inconsistent)
    #expect(try kind { $0.components = 0xFFFF_FFFF } == .inconsistent)
    #expect(try kind { $0.bits = 12 } == .unsupported)
    // Frames that are larger than their chunks, or than the file.
    #expect(try kind { $0.height = 6 } == .inconsistent)
    #expect(try kind { ($0.height, $0.rowBytes) = (16000, 60000) } == .truncated)
    // A few compressed bytes that would need a gigabyte.
    #expect(
      try kind {
        $0.isCompressed = true
        ($0.height, $0.rowBytes) = (16000, 60000)
      } == .inconsistent)
    // Compressed frames of another size than stated, or damaged.
    #expect(
      try kind {
        $0.compression = 0
        $0.rowBytes = 16
      } == .readFailed)
  }

  @Test func readersDoNotDisturbEachOther() throws {
    let folder = try TemporaryFolder()
    let planes = planes(40)
    var file = ND2File(width: Self.width, height: Self.height, rowBytes: 16)
    file.isCompressed = true
    file.frames = planes.map(file.rows)
    let movie = try Movies.open(try folder.write(file.bytes, to: "p.nd2"))
    let wrong = Guarded(0)
    DispatchQueue.concurrentPerform(iterations: 8) { worker in
      for frame in 0..<40 {
        let frame = (frame * 7 + worker) % 40
        let pixels = try? movie.pixels(frame..<frame + 1)
        if pixels != values([planes[frame]]) { wrong.withLock { $0 += 1 } }
      }
    }
    #expect(wrong.withLock { $0 } == 0)
  }

  @Test func theFirstFrameOfALargeFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("large.nd2")
    let frames = 20_000
    let side = 512
    let stride = 4096 + 2 * side * side
    var file = ND2File(width: side, height: side, rowBytes: 2 * side)
    file.nameBytes = 4072
    var start: [UInt8] = []
    var map: [(String, Int, Int)] = []
    file.describe(&start, &map)
    let first = (start.count + 4095) / 4096 * 4096
    guard truncate(path, start, first + frames * stride) else { return }
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    for frame in 0..<frames {
      map.append(("ImageDataSeq|\(frame)!", first + frame * stride, stride - 4096 + 8))
    }
    for frame in [0, frames / 2, frames - 1] {
      try handle.seek(toOffset: UInt64(first + frame * stride))
      try handle.write(
        contentsOf: joined(
          file.head("ImageDataSeq|\(frame)!", bytes: stride - 4096 + 8),
          [UInt8](repeating: 0, count: 8), [UInt8(frame & 255), UInt8(frame >> 8)]))
    }
    try handle.seek(toOffset: UInt64(first + frames * stride))
    try handle.write(contentsOf: file.map(map, at: first + frames * stride))
    try handle.close()
    let clock = ContinuousClock()
    var best = Duration.seconds(60)
    for _ in 0..<5 {
      let begin = clock.now
      let movie = try Movies.open(path)
      let pixel = try movie.pixels(0..<1)[0]
      best = min(best, clock.now - begin)
      #expect(movie.info.frames == frames)
      #expect(pixel == 0)
      #expect(try movie.pixels(frames - 1..<frames)[0] == Double(frames - 1))
    }
    #expect(best < .milliseconds(200 * slowness))
  }

  private func sums(_ movie: any Movie) throws -> [Double] {
    try (0..<movie.info.frames).map { try movie.pixels($0..<$0 + 1).reduce(0, +) }
  }
}

/// How much slower than a release build tests may be.
#if DEBUG
  let slowness = 10
#else
  let slowness = 1
#endif

/// A sparse file that begins with `start`; false if the file system has no room for its size.
func truncate(_ path: String, _ start: [UInt8], _ size: Int) -> Bool {
  FileManager.default.createFile(atPath: path, contents: Data(start))
  return truncate(path, off_t(size)) == 0
}
