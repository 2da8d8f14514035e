import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Channels, slices, positions and series of every format: never frames without a choice.
@Suite struct AxesTests {
  private func firsts(
    _ path: String, _ planes: [PlaneAxis: PlaneChoice] = [:], along: PlaneAxis = .time
  ) throws -> [Double] {
    let movie = try Movies.open(path, options: MovieOptions(planes: planes, along: along))
    return try (0..<movie.info.frames).map { try movie.pixels($0..<($0 + 1))[0] }
  }

  private func axes(_ path: String) throws -> [String] {
    try Movies.openAll(path, options: MovieOptions()).info.axes.map(\.description)
  }

  /// An ImageJ stack of 1 x 1 pixels; page k has the value k.
  private func imageJ(_ folder: TemporaryFolder, _ pages: Int, _ fields: String) throws -> String {
    var tiff = HandTIFF()
    for page in 0..<pages {
      tiff.page(
        [UInt16(page)], width: 1, height: 1,
        description: page == 0 ? "ImageJ=1.54f\n" + fields : nil)
    }
    return try folder.write(tiff.bytes, to: "ij.tif")
  }

  @Test func imageJHyperstacks() throws {
    let folder = try TemporaryFolder()
    let path = try imageJ(
      folder, 12, "images=12\nchannels=2\nslices=3\nframes=2\nhyperstack=true\n")
    #expect(try axes(path) == ["2 frames", "3 slices", "2 channels"])
    let error = try movieError(path)
    #expect(error?.kind == .choice)
    #expect(error?.what.contains("2 frames × 3 slices × 2 channels") == true)
    #expect(try firsts(path, [.channel: .number(2), .slice: .number(1)]) == [1, 7])
    #expect(try firsts(path, [.channel: .number(1), .slice: .number(3)]) == [4, 10])
    // TCYX: the case that silently mixed channels.
    let two = try imageJ(folder, 6, "images=6\nchannels=2\nframes=3\nhyperstack=true\n")
    #expect(try movieError(two)?.kind == .choice)
    #expect(try firsts(two, [.channel: .number(1)]) == [0, 2, 4])
    // One directory and the pixels behind it.
    var flat = HandTIFF()
    flat.page(
      Array(0..<6), width: 1, height: 1,
      description: "ImageJ=1.54f\nimages=6\nchannels=2\nframes=3\nhyperstack=true\n")
    let one = try folder.write(flat.bytes, to: "one.tif")
    #expect(try firsts(one, [.channel: .number(2)]) == [1, 3, 5])
  }

  @Test func slicesOfAPlainImageJStackAreFrames() throws {
    let folder = try TemporaryFolder()
    for fields in [
      "images=4\nslices=4\n", "images=4\nslices=4\nspacing=0.1\nfinterval=0.03\n",
      "images=4\nslices=4\nspacing=0.1\nfps=30.0\n", "images=4\nframes=4\n", "images=4\n",
      "images=4\nslices=4\nspacing=0\n",
    ] {
      let path = try imageJ(folder, 4, fields)
      #expect(try axes(path) == [], "\(fields)")
      #expect(try firsts(path) == [0, 1, 2, 3], "\(fields)")
    }
    let stack = try imageJ(folder, 4, "images=4\nslices=4\nspacing=0.1\nloop=false\n")
    #expect(try axes(stack) == ["4 slices"])
    let error = try movieError(stack)
    #expect(
      error?.kind == .choice && error?.hint?.text { "--\($0.name)" }.contains("--slice all") == true
    )
    #expect(try firsts(stack, along: .slice) == [0, 1, 2, 3])
    #expect(try firsts(stack, [.slice: .all]) == [0, 1, 2, 3])
    #expect(try firsts(stack, [.slice: .number(3)]) == [2])
    // A bead stack in two channels.
    let beads = try imageJ(folder, 8, "images=8\nchannels=2\nslices=4\nspacing=0.05\n")
    #expect(throws: MovieError.self) { try firsts(beads, along: .slice) }
    #expect(try firsts(beads, [.channel: .number(2)], along: .slice) == [1, 3, 5, 7])
  }

  @Test func imageJStacksOfAnotherLength() throws {
    let folder = try TemporaryFolder()
    let short = try imageJ(folder, 5, "images=8\nchannels=2\nframes=4\n")
    #expect(try firsts(short, [.channel: .number(1)]) == [0, 2, 4])
    #expect(try firsts(short, [.channel: .number(2)]) == [1, 3])
    let info = try Movies.openAll(short, options: MovieOptions()).info
    #expect(info.notes == ["the description states 8 frames, the file contains 5"])
    let long = try imageJ(folder, 6, "images=4\nchannels=2\nframes=2\n")
    #expect(try firsts(long, [.channel: .number(2)]) == [1, 3, 5])
    for fields in [
      "channels=9223372036854775807\nslices=9223372036854775807\n", "channels=-3\nslices=0\n",
      "channels=x\n", "channels=4611686018427387904\nframes=2\n",
    ] {
      #expect(try firsts(try imageJ(folder, 3, fields)) == [0, 1, 2], "\(fields)")
    }
  }

  @Test func signedPixelsOfImageJ() throws {
    let folder = try TemporaryFolder()
    func path(_ fields: String, extra: [(tag: Int, value: Int)] = []) throws -> String {
      var tiff = HandTIFF()
      for page in 0..<3 {
        tiff.page(
          [32768, 32868, 0, UInt16(65533 + page)], width: 2, height: 2,
          description: "ImageJ=1.54f\nimages=3\nframes=3\n" + fields, extra: extra)
      }
      return try folder.write(tiff.bytes, to: "s.tif")
    }
    let signed = try Movies.open(try path("cf=0\nc0=-32768\nc1=1\nvunit=gray value\n"))
    #expect(signed.info.pixel == .float32)
    #expect(try signed.pixels(0..<1) == [0, 100, -32768, 32765])
    #expect(try signed.pixels(1..<3) == [0, 100, -32768, 32766, 0, 100, -32768, 32767])
    #expect(signed.info.notes.first?.contains("-32768 + 1 × the stored number") == true)
    let scaled = try Movies.open(try path("cf=0\nc0=10\nc1=0.5\n"))
    #expect(try scaled.pixels(0..<1)[1] == 16444)
    // A file with signed numbers needs no line, and a line that changes nothing is none.
    let own = try Movies.open(try path("cf=0\nc0=-32768\nc1=1\n", extra: [(339, 2)]))
    #expect(try own.pixels(0..<1)[0] == -32768)
    for same in ["", "cf=0\nc0=0\nc1=1\n", "cf=20\nc0=-32768\nc1=1\n", "cf=0\nc0=nan\nc1=1\n"] {
      #expect(try Movies.open(try path(same)).info.pixel == .uint16, "\(same)")
    }
  }

  @Test(arguments: [1, 2]) func planesThatAreSamples(planar: Int) throws {
    let folder = try TemporaryFolder()
    // Sample s of pixel p on page k has the value 100 k + 10 s + p.
    var tiff = HandTIFF()
    for page in 0..<2 {
      let values = (0..<24).map { index -> UInt16 in
        let (pixel, sample) = planar == 1 ? (index / 4, index % 4) : (index % 6, index / 6)
        return UInt16(100 * page + 10 * sample + pixel)
      }
      // Strips of planar pages: one for each sample.
      let start = tiff.bytes.count
      tiff.page(
        values, width: 3, height: 2, extra: [(284, planar)], samples: 4,
        tables: planar == 1
          ? [] : [(324, 4, 4, (0..<4).map { UInt32(start + $0 * 12).littleEndian }.bytes)])
    }
    let path = try folder.write(tiff.bytes, to: "s.tif")
    #expect(try axes(path) == ["2 frames", "4 channels"])
    #expect(try movieError(path)?.kind == .choice)
    let movie = try Movies.open(path, options: MovieOptions(planes: [.channel: .number(3)]))
    #expect(
      try movie.allPixels() == [20, 21, 22, 23, 24, 25, 120, 121, 122, 123, 124, 125])
    var one = HandTIFF()
    one.page(Array(0..<12), width: 1, height: 1, extra: [(284, 1)], samples: 12)
    let frames = try folder.write(one.bytes, to: "one.tif")
    #expect(try firsts(frames, [.channel: .all]) == (0..<12).map(Double.init))
  }

  @Test func metaMorphStacks() throws {
    let folder = try TemporaryFolder()
    func stk(_ planes: Int, z: UInt32, unit: String = "um") throws -> [UInt8] {
      func u32(_ values: UInt32...) -> [UInt8] { values.map(\.littleEndian).bytes }
      var tiff = HandTIFF()
      let table = (0..<planes).flatMap { _ in u32(z, 1, 2_459_809, 0, 0, 0) }
      // Behind the pixels of the planes: a fraction, a unit, and the table of calibrations.
      let fraction = tiff.bytes.count + planes * 12
      let text = Array(unit.utf8) + [0]
      tiff.page(
        (0..<planes * 6).map { UInt16($0 / 6 * 10 + $0 % 6) }, width: 3, height: 2,
        tables: [
          (65000, 1, 8, u32(108, 1000)),
          (65001, 1, 4 + text.count, u32(UInt32(text.count)) + text),
          (
            33628, 4, 3,
            u32(3, 1, 4, UInt32(fraction), 6, UInt32(fraction + 8))
          ), (33629, 5, planes, table),
        ])
      return tiff.bytes
    }
    let bytes = try stk(5, z: 0)
    let movie = try Movies.open(try folder.write(bytes, to: "m.stk"))
    #expect(movie.info.format == "MetaMorph STK" && movie.info.frames == 5)
    #expect(movie.info.pixelSize == 108)
    #expect(try movie.pixels(3..<5) == [30, 31, 32, 33, 34, 35, 40, 41, 42, 43, 44, 45])
    let stack = try folder.write(try stk(4, z: 250, unit: ""), to: "z.stk")
    #expect(try axes(stack) == ["4 slices"])
    #expect(try movieError(stack)?.kind == .choice)
    #expect(try firsts(stack, along: .slice) == [0, 10, 20, 30])
    #expect(try Movies.openAll(stack, options: MovieOptions()).info.pixelSize == nil)
    // More planes than the file has room for.
    var cut = HandTIFF()
    cut.page(
      testPixels(600), width: 30, height: 20,
      tables: [(33629, 5, 9, [UInt8](repeating: 0, count: 216))]
    )
    let short = try #require(try movieError(try folder.write(cut.bytes, to: "cut.stk")))
    #expect(short.kind == .truncated || (short.frame ?? 0) > 2, "\(short)")
    let single = try Movies.open(try folder.write(try stk(1, z: 0), to: "one.stk"))
    #expect(single.info.frames == 1)
  }

  @Test(.data("formats/stk/movie.stk")) func aRealMetaMorphStack() throws {
    let movie = try Movies.open(SharedData.path("formats/stk/movie.stk"))
    #expect(movie.info.frames == 2 && movie.info.axes.isEmpty)
    #expect(try movie.pixels(0..<1).reduce(0, +) == 40715)
    #expect(try movie.pixels(1..<2).reduce(0, +) == 39976)
  }

  @Test func moreDataThanItsDirectoryTells() throws {
    let folder = try TemporaryFolder()
    var tiff = HandTIFF()
    tiff.page(testPixels(64 * 64), width: 64, height: 64)
    tiff.bytes += [UInt8](repeating: 7, count: 5 * 64 * 64 * 2)
    let movie = try Movies.open(try folder.write(tiff.bytes, to: "one.tif"))
    #expect(movie.info.frames == 1)
    #expect(
      movie.info.notes.count == 1 && movie.info.notes[0].hasPrefix("1 of up to 6 frames: 4096"))
    let half = try imageJ(folder, 2, "images=6\nframes=6\n")
    #expect(
      try Movies.open(half).info.notes == ["the description states 6 frames, the file contains 2"])
  }

  // MARK: Micro-Manager

  /// Planes of a grid in the order of acquisition: channel, slice, frame, position.
  private func places(_ counts: [Int], frames: Int) -> [[Int]] {
    (0..<frames).flatMap { t in
      (0..<counts[2]).flatMap { p in
        (0..<counts[1]).flatMap { z in (0..<counts[0]).map { c in [c, z, t, p] } }
      }
    }
  }

  @Test func microManagerChannelsSlicesAndPositions() throws {
    let folder = try TemporaryFolder()
    let places = places([2, 3, 2], frames: 2)
    let summary =
      "\"Channels\": 2, \"Slices\": 3, \"ChNames\": [\"DAPI\", \"GFP\"], "
      + "\"StagePositions\": [{\"Label\": \"A1\"}, {\"Label\": \"B2\"}]"
    let path = try folder.write(
      TIFFSetTests.microManager((0..<24).map { UInt16($0) }, summary: summary, places: places),
      to: "m.tif")
    #expect(
      try axes(path) == [
        "2 frames", "2 positions (1 A1, 2 B2)", "3 slices", "2 channels (1 DAPI, 2 GFP)",
      ])
    #expect(try movieError(path)?.kind == .choice)
    #expect(
      try firsts(path, [.channel: .named("gfp"), .slice: .number(2), .position: .named("B2")])
        == [9, 21])
    #expect(throws: MovieError.self) {
      try firsts(path, [.channel: .number(1), .position: .number(1)], along: .slice)
    }
  }

  @Test func microManagerWithoutItsMap() throws {
    let folder = try TemporaryFolder()
    // Channels change first, unless all slices of a channel come before the next.
    for (first, expected) in [("false", [1.0, 5]), ("true", [2])] {
      let path = try folder.write(
        TIFFSetTests.microManager(
          Array(0..<6), hasMap: false,
          summary: "\"Channels\": 2, \"Slices\": 2, \"SlicesFirst\": \(first)"), to: "m.tif")
      #expect(try movieError(path)?.kind == .choice)
      #expect(try firsts(path, [.channel: .number(2), .slice: .number(1)]) == expected)
    }
  }

  @Test func twoMicroManagerAcquisitionsAreNotJoined() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(TIFFSetTests.microManager([1, 2, 3]), to: "cell.tif")
    // The same settings again: both count their frames from 0.
    _ = try folder.write(TIFFSetTests.microManager([7, 8]), to: "cell_1.tif")
    let cell = try Movies.open(folder.file("cell.tif"))
    #expect(cell.info.frames == 3)
    #expect(
      cell.info.notes == ["cell_1.tif beside it is of another acquisition and is not read"])
    #expect(try firsts(folder.file("cell_1.tif")) == [7, 8])
    // Another summary, with frames that would follow.
    _ = try folder.write(
      TIFFSetTests.microManager([7, 8], first: 3, summary: "\"Slices\": 1, \"Time\": 5"),
      to: "cell_1.tif")
    #expect(try firsts(folder.file("cell.tif")) == [1, 2, 3])
    // A true continuation.
    _ = try folder.write(TIFFSetTests.microManager([7, 8], first: 3), to: "cell_1.tif")
    #expect(try firsts(folder.file("cell.tif")) == [1, 2, 3, 7, 8])
    // A file that only has the name of a continuation.
    _ = try folder.write(TIFFSetTests.microManager([1, 2]), to: "a_MMStack.ome.tif")
    _ = try folder.write(TIFFSetTests.microManager([5]), to: "a_MMStack_1.ome.tif")
    let lone = try Movies.open(folder.file("a_MMStack_1.ome.tif"))
    #expect(try lone.pixels(0..<1)[0] == 5 && lone.info.frames == 1)
    #expect(
      lone.info.notes == ["a_MMStack.ome.tif beside it is of another acquisition and is not read"])
  }

  @Test func missingMicroManagerFramesAreNamed() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      TIFFSetTests.microManager([1, 2, 3], places: [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 4, 0]]),
      to: "m.tif")
    #expect(
      try Movies.open(path).info.notes == [
        "frame numbers 2 to 3 are missing; the frames behind a gap are numbered as if there were none"
      ])
  }

  // MARK: NDTiff

  /// A data set of 1 x 1 pixels whose image k has the value k.
  static func ndTiff(_ folder: TemporaryFolder, _ axes: [String]) throws {
    var index: [UInt8] = []
    func u32(_ values: UInt32...) -> [UInt8] { values.map(\.littleEndian).bytes }
    var tiff = HandTIFF(header: u32(483_729, 3, 0, 2_355_492, 2) + Array("{}".utf8))
    for (value, text) in axes.enumerated() {
      tiff.page([UInt16(value)], width: 1, height: 1)
      let name = Array("NDTiffStack.tif".utf8)
      index += u32(UInt32(text.utf8.count)) + Array(text.utf8) + u32(UInt32(name.count)) + name
      index += u32(UInt32(tiff.pixelPositions.last!), 1, 1, 1, 0, 0, 0, 0)
    }
    _ = try folder.write(tiff.bytes, to: "NDTiffStack.tif")
    _ = try folder.write(index, to: "NDTiff.index")
  }

  @Test func ndTiffAxes() throws {
    let folder = try TemporaryFolder()
    let channels = (0..<6).map { k in
      "{\"time\":\(k / 2), \"channel\":\"\(k % 2 == 0 ? "DAPI" : "a \\\"b\\\"")\"}"
    }
    try Self.ndTiff(folder, channels)
    #expect(try axes(folder.path) == ["3 frames", "2 channels (1 DAPI, 2 a \"b\")"])
    #expect(try movieError(folder.path)?.kind == .choice)
    #expect(try firsts(folder.path, [.channel: .number(2)]) == [1, 3, 5])
    // In any order, with slices and tiles.
    try Self.ndTiff(
      folder,
      [3, 1, 0, 2].map { "{\"row\":\($0 / 2),\"column\":0,\"z\":\($0 % 2)}" })
    #expect(try axes(folder.path).first?.hasPrefix("2 ") == true)
    #expect(try movieError(folder.path)?.kind == .choice)
    // A name of its own for time.
    try Self.ndTiff(folder, (0..<3).map { "{\"image\": \($0)}" })
    let own = try Movies.open(folder.path)
    #expect(own.info.frames == 3 && own.info.notes == ["the axis `image` of the data set is time"])
    // Frames that are listed out of order, and sparse axes.
    try Self.ndTiff(folder, [2, 0, 1].map { "{\"time\":\($0)}" })
    #expect(try firsts(folder.path) == [1, 2, 0])
    try Self.ndTiff(folder, channels.enumerated().filter { $0.offset != 1 }.map(\.element))
    let sparse = try movieError(folder.path)
    #expect(sparse?.kind == .inconsistent && sparse?.what.contains("missing in it") == true)
    try Self.ndTiff(folder, ["{\"time\":0}", "{\"time\":"])
    #expect(try movieError(folder.path)?.kind == .inconsistent)
  }

  @Test func ndTiffOfAPyramid() throws {
    let folder = try TemporaryFolder()
    let inner = folder.file("Full resolution")
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    let data = try TemporaryFolder()
    try Self.ndTiff(data, ["{\"time\":0}", "{\"time\":1}"])
    for name in ["NDTiff.index", "NDTiffStack.tif"] {
      try FileManager.default.copyItem(atPath: data.file(name), toPath: inner + "/" + name)
    }
    #expect(try firsts(folder.path) == [0, 1])
  }

  @Test(.data("formats/ndtiff/v2.0_test", "formats/ndtiff/12_bit_pycromanager_mda"))
  func realNDTiffSets() throws {
    let old = SharedData.path("formats/ndtiff/v2.0_test")
    #expect(try axes(old) == ["5 frames", "2 channels"])
    let new = SharedData.path("formats/ndtiff/12_bit_pycromanager_mda")
    #expect(try axes(new) == ["4 frames", "2 channels (1 DAPI, 2 FITC)"])
    for channel in 1...2 {
      let movie = try Movies.open(
        new, options: MovieOptions(planes: [.channel: .number(channel)]))
      #expect(movie.info.frames == 4)
      for frame in 0..<4 {
        #expect(try movie.pixels(frame..<frame + 1).reduce(0, +) == 836_464)
      }
      let first: [Double] = channel == 1 ? [204, 236, 266] : [318, 338, 353]
      #expect(try Array(movie.pixels(0..<1).prefix(3)) == first, "channel \(channel)")
    }
  }

  // MARK: OME

  /// An OME-TIFF of 1 x 1 pixels; page k has the value k.
  private func ome(
    _ folder: TemporaryFolder, _ name: String, pages: Int, _ images: String
  ) throws -> String {
    let xml = "<?xml version=\"1.0\"?><OME>\(images)</OME>"
    var tiff = HandTIFF()
    for page in 0..<pages {
      tiff.page([UInt16(page)], width: 1, height: 1, description: page == 0 ? xml : nil)
    }
    return try folder.write(tiff.bytes, to: name)
  }

  private func image(
    _ name: String = "", order: String = "XYZCT", z: Int = 1, c: Int = 1, t: Int = 1,
    size: Int = 1, _ inner: String = "<TiffData/>"
  ) -> String {
    "<Image Name=\"\(name)\"><Pixels DimensionOrder=\"\(order)\" SizeX=\"\(size)\" SizeY=\"1\" "
      + "SizeZ=\"\(z)\" SizeC=\"\(c)\" SizeT=\"\(t)\" Type=\"uint16\">\(inner)</Pixels></Image>"
  }

  @Test func omeChannelsAndSlices() throws {
    let folder = try TemporaryFolder()
    let names = "<Channel Name=\"GFP\"/><Channel Name=\"Cy5\"/><TiffData/>"
    let path = try ome(folder, "a.ome.tif", pages: 12, image(z: 3, c: 2, t: 2, names))
    #expect(try axes(path) == ["2 frames", "2 channels (1 GFP, 2 Cy5)", "3 slices"])
    #expect(try movieError(path)?.kind == .choice)
    #expect(try firsts(path, [.channel: .named("Cy5"), .slice: .number(1)]) == [3, 9])
    let other = try ome(folder, "b.ome.tif", pages: 12, image(order: "XYTZC", z: 3, c: 2, t: 2))
    #expect(try axes(other) == ["2 channels", "3 slices", "2 frames"])
    #expect(try firsts(other, [.channel: .number(2), .slice: .number(1)]) == [6, 7])
    // Without places for the planes, the pages have the order of the dimensions.
    let bare = try ome(folder, "c.ome.tif", pages: 4, image(order: "XYCZT", c: 2, t: 2, ""))
    #expect(try firsts(bare, [.channel: .number(2)]) == [1, 3])
    // An interrupted recording.
    let early = try ome(folder, "d.ome.tif", pages: 5, image(order: "XYCZT", c: 2, t: 9))
    #expect(try firsts(early, [.channel: .number(1)]) == [0, 2, 4])
    #expect(try firsts(early, [.channel: .number(2)]) == [1, 3])
    // XML that contradicts the pages: channels cannot be told apart.
    let twice = image(
      c: 2, t: 2, "<TiffData FirstC=\"0\" IFD=\"0\"/><TiffData FirstC=\"1\" IFD=\"0\"/>")
    let wrong = try movieError(try ome(folder, "e.ome.tif", pages: 4, twice))
    #expect(wrong?.kind == .inconsistent && wrong?.what.contains("2 frames × 2 channels") == true)
    // A colour's samples are one page.
    let colour = image(c: 3, t: 2, "<Channel SamplesPerPixel=\"3\"/><TiffData/>")
    #expect(try firsts(try ome(folder, "f.ome.tif", pages: 2, colour)) == [0, 1])
    // Renamed as a whole.
    let uuid = "<TiffData IFD=\"0\" PlaneCount=\"4\"><UUID FileName=\"old.ome.tif\"/></TiffData>"
    let renamed = try ome(folder, "g.tif", pages: 4, image(order: "XYCZT", c: 2, t: 2, uuid))
    #expect(try firsts(renamed, [.channel: .number(1)]) == [0, 2])
  }

  @Test func omeSeries() throws {
    let folder = try TemporaryFolder()
    let data = { (first: Int, count: Int) in
      "<TiffData IFD=\"\(first)\" PlaneCount=\"\(count)\"/>"
    }
    let alike = try ome(
      folder, "a.ome.tif", pages: 6,
      image("left", t: 3, data(0, 3)) + image("right", t: 3, data(3, 3)))
    #expect(try axes(alike) == ["2 series (1 left, 2 right)", "3 frames"])
    #expect(try movieError(alike)?.kind == .choice)
    #expect(try firsts(alike, [.series: .named("right")]) == [3, 4, 5])
    let unlike = try ome(
      folder, "b.ome.tif", pages: 7,
      image("overview", t: 2, data(0, 2)) + image("movie", t: 5, data(2, 5)))
    let error = try movieError(unlike)
    #expect(error?.kind == .choice)
    #expect(error?.what.contains("1 overview: 1 x 1, 2 frames; 2 movie: 1 x 1, 5 frames") == true)
    let all = try Movies.openAll(unlike).info
    #expect(all.axes.first?.taken == 0 && all.frames == 2)
    #expect(try firsts(unlike, [.series: .number(2)]) == [2, 3, 4, 5, 6])
    #expect(try firsts(unlike, [.series: .named("overview")]) == [0, 1])
    #expect(
      try movieError(unlike, options: MovieOptions(planes: [.series: .number(3)]))?.kind == .choice)
    let movie = try Movies.open(unlike, options: MovieOptions(planes: [.series: .number(2)]))
    #expect(movie.info.notes.contains { $0.contains("series 2 of 2 (movie)") })
  }

  @Test func omeSetThroughItsCompanion() throws {
    let folder = try TemporaryFolder()
    let places = (0..<4).map { k in
      "<TiffData FirstC=\"\(k % 2)\" FirstT=\"\(k / 2)\" IFD=\"\(k / 2)\">"
        + "<UUID FileName=\"c\(k % 2).ome.tif\"/></TiffData>"
    }
    let whole =
      "<?xml version=\"1.0\"?><OME>"
      + image(order: "XYCZT", c: 2, t: 2, places.joined()) + "</OME>"
    _ = try folder.write(Array(whole.utf8), to: "set.companion.ome")
    let part = "<OME><BinaryOnly MetadataFile=\"set.companion.ome\" UUID=\"x\"/></OME>"
    for channel in 0..<2 {
      var tiff = HandTIFF()
      for page in 0..<2 {
        tiff.page(
          [UInt16(10 * channel + page)], width: 1, height: 1, description: page == 0 ? part : nil)
      }
      _ = try folder.write(tiff.bytes, to: "c\(channel).ome.tif")
    }
    for name in ["set.companion.ome", "c0.ome.tif", "c1.ome.tif"] {
      let path = folder.file(name)
      #expect(try axes(path) == ["2 frames", "2 channels"], "\(name)")
      #expect(try firsts(path, [.channel: .number(2)]) == [10, 11], "\(name)")
      #expect(try movieError(path)?.kind == .choice)
    }
    try FileManager.default.removeItem(atPath: folder.file("set.companion.ome"))
    let alone = try Movies.open(folder.file("c1.ome.tif"))
    #expect(alone.info.frames == 2)
    #expect(alone.info.notes.first?.contains("set.companion.ome, which cannot be read") == true)
  }

  @Test(.data("formats/tiff/fluo-3ch-8bit-composite.tif", "formats/tiff/imagej_stack_rsciio.tif"))
  func realStacks() throws {
    let colours = SharedData.path("formats/tiff/fluo-3ch-8bit-composite.tif")
    #expect(try axes(colours) == ["3 channels"])
    for (channel, sum) in [4_911_163.0, 4_128_250, 5_271_586].enumerated() {
      let movie = try Movies.open(
        colours, options: MovieOptions(planes: [.channel: .number(channel + 1)]))
      #expect(movie.info.frames == 1)
      #expect(try movie.allPixels().reduce(0, +) == sum)
    }
    let stack = SharedData.path("formats/tiff/imagej_stack_rsciio.tif")
    #expect(try axes(stack) == ["2 slices"])
    let movie = try Movies.open(stack, options: MovieOptions(along: .slice))
    #expect(try movie.pixels(1..<2).reduce(0, +) == 15_422_830)
  }

  @Test(
    .data("formats/tiff/LineScan-06092017-1414-623_Cycle00001_Ch1_000001.ome.tif"))
  func aChannelWhoseFileIsMissing() throws {
    let path = SharedData.path(
      "formats/tiff/LineScan-06092017-1414-623_Cycle00001_Ch1_000001.ome.tif")
    let movie = try Movies.open(path, options: MovieOptions(planes: [.channel: .named("Ch1")]))
    #expect(movie.info.frames == 1)
    #expect(try movie.allPixels().reduce(0, +) == 39_491_297)
    let other = try movieError(path, options: MovieOptions(planes: [.channel: .named("Ch2")]))
    #expect(other != nil)
  }
}
