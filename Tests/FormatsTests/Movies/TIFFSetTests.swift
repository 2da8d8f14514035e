import CTestSupport
import Formats
import Foundation
import Microscopy
import TestConditions
import Testing

/// Movies over several files: Micro-Manager, OME-TIFF, NDTiff.
@Suite struct TIFFSetTests {
  /// The bytes of a Micro-Manager stack of 3 x 2 pixels whose frame k is filled from `values`.
  ///
  /// - Parameters:
  ///   - first: the number of the first frame in the index map.
  ///   - places: channel, slice, frame and position of every entry of the map.
  static func microManager(
    _ values: [UInt16], order: [Int]? = nil, unwritten: Int = 0, hasMap: Bool = true,
    pixelSize: Double = 0.108, first: Int = 0, summary more: String = "\"Slices\": 1",
    places: [[Int]]? = nil
  ) -> [UInt8] {
    let summary = Array("{\"PixelSize_um\": \(pixelSize), \(more)}".utf8)
    func u32(_ values: [UInt32]) -> [UInt8] { values.map(\.littleEndian).bytes }
    var tiff = HandTIFF(
      header: u32([54_773_648, 0, 483_765_892, 0, 99_384_722, 0, 2_355_492, UInt32(summary.count)])
        + summary)
    for value in values {
      tiff.page(
        (0..<6).map { value + UInt16($0) }, width: 3, height: 2, extra: [(51123, 0)])
    }
    if hasMap {
      tiff.put(UInt32(tiff.bytes.count), at: 12)
      tiff.bytes += u32([3_453_623, UInt32(values.count + unwritten)])
      for (frame, page) in (order ?? Array(values.indices)).enumerated() {
        let place = places?[frame] ?? [0, 0, first + frame, 0]
        tiff.bytes += u32(place.map { UInt32($0) } + [UInt32(tiff.directories[page])])
      }
      for frame in 0..<unwritten {
        tiff.bytes += u32([0, 0, UInt32(first + values.count + frame), 0, 0])
      }
    }
    return tiff.bytes
  }

  private func firsts(_ movie: any Movie) throws -> [Double] {
    try (0..<movie.info.frames).map { try movie.pixels($0..<($0 + 1))[0] }
  }

  @Test func microManagerSetThroughItsIndexMaps() throws {
    let folder = try TemporaryFolder()
    let names = [
      "run_MMStack_Pos0.ome.tif", "run_MMStack_Pos0_1.ome.tif", "run_MMStack_Pos0_2.ome.tif",
    ]
    _ = try folder.write(Self.microManager([10, 20, 30]), to: names[0])
    // The map, not the chain of directories, says which frame is which.
    _ = try folder.write(Self.microManager([50, 40], order: [1, 0], first: 3), to: names[1])
    _ = try folder.write(Self.microManager([60], unwritten: 2, first: 5), to: names[2])
    for name in names {
      let movie = try Movies.open(folder.file(name))
      #expect(movie.info.format == "Micro-Manager TIFF, index map, 3 files")
      #expect(movie.info.pixelSize == 108)
      #expect(try firsts(movie) == [10, 20, 30, 40, 50, 60])
      #expect(try movie.pixels(1..<5).count == 24)
      #expect(try movie.pixels(2..<4) == [30, 31, 32, 33, 34, 35, 40, 41, 42, 43, 44, 45])
      #expect(movie.info.notes == ["the index map lists 3 frames, 2 of which were not written"])
      #expect(movie.info.files.count == 3)
    }
    #expect(try firsts(Movies.open(folder.path)) == [10, 20, 30, 40, 50, 60])
    try FileManager.default.removeItem(atPath: folder.file(names[1]))
    let gap = try expectTruncated(
      folder.file(names[0]), frames: 3, "this file of the set is missing, but 1 after it exist")
    #expect(gap.hasSuffix("_1.ome.tif"))
    // A truncated file in the middle: the frames after it lose their positions.
    let whole = Self.microManager([40, 50], first: 3)
    _ = try folder.write(whole, to: names[1])
    #expect(try Movies.open(folder.file(names[0])).info.frames == 6)
    _ = try folder.write(Array(whole.dropLast(48 + 100)), to: names[1])
    try expectTruncated(folder.file(names[0]), frames: 4, "page 1")
    _ = try folder.write(Array(whole.prefix(20)), to: names[1])
    try expectTruncated(folder.file(names[0]), frames: 3, "this file of the set cannot be read")
  }

  @Test func interruptedMicroManagerAcquisitions() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      Self.microManager([1, 2, 3], hasMap: false, pixelSize: 1), to: "a_MMStack.ome.tif")
    let movie = try Movies.open(path)
    #expect(try firsts(movie) == [1, 2, 3])
    #expect(movie.info.format == "Micro-Manager TIFF")
    #expect(movie.info.pixelSize == nil)
    #expect(
      movie.info.notes.contains("the index map is missing because the acquisition was interrupted"))
    // A second file that was opened and never filled.
    _ = try folder.write([0x49, 0x49, 42, 0, 0, 0, 0, 0], to: "a_MMStack_1.ome.tif")
    let two = try Movies.open(path)
    #expect(two.info.frames == 3)
    #expect(two.info.notes.contains("a_MMStack_1.ome.tif of the set contains no frames"))
    // A map that points outside the file.
    var broken = Self.microManager([1, 2, 3])
    broken[15] = 0xFF
    #expect(try firsts(Movies.open(try folder.write(broken, to: "b.tif"))) == [1, 2, 3])
  }

  /// Reading allocates nothing: table of pages, widening in place, index map, one read of many.
  @Test(.countedAllocations) func readingUncompressedFramesAllocatesNothing() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(
      Self.microManager((0..<50).map { UInt16($0) }), to: "a_MMStack.ome.tif")
    let pages = (0..<50).map { testPixels(31 * 29, seed: UInt64($0)).bytes }
    for (name, mode, bits) in [("u16", "wl", 16), ("swapped", "wb", 16), ("u8", "wl", 8)] {
      try LibTIFF(mode: mode, bits: bits).write(
        pages.map { Array($0.prefix(31 * 29 * bits / 8)) }, width: 31, height: 29,
        to: folder.file("\(name).tif"))
    }
    for name in ["a_MMStack.ome.tif", "u16.tif", "swapped.tif", "u8.tif"] {
      let movie = try Movies.open(folder.file(name))
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 4 * movie.info.frameBytes, alignment: 64)
      defer { buffer.deallocate() }
      try movie.read(0..<4, into: buffer)
      let before = glint_allocations()
      for frame in 0..<46 { try movie.read(frame..<(frame + 4), into: buffer) }
      #expect(glint_allocations() - before == 0, "\(name)")
    }
  }

  /// Writes an OME set of 1 x 1 pixels; `planes` are (file, page) in the order of T.
  private func ome(
    _ folder: TemporaryFolder, files: [(name: String, values: [UInt16])],
    planes: [(file: Int, page: Int)], sizeT: Int? = nil
  ) throws {
    let data = planes.enumerated().map { t, plane in
      "<TiffData FirstT=\"\(t)\" IFD=\"\(plane.page)\" PlaneCount=\"1\">"
        + "<UUID FileName=\"\(files[plane.file].name)\">urn:uuid:0</UUID></TiffData>"
    }
    let xml =
      "<?xml version=\"1.0\"?><!-- x --><OME><Image><Pixels DimensionOrder=\"XYZCT\" SizeX=\"1\" "
      + "SizeY=\"1\" SizeZ=\"1\" SizeC=\"1\" SizeT=\"\(sizeT ?? planes.count)\" Type=\"uint16\" "
      + "PhysicalSizeX=\"0.1\">\(data.joined())</Pixels></Image></OME>"
    for file in files {
      var tiff = HandTIFF()
      for (page, value) in file.values.enumerated() {
        tiff.page([value], width: 1, height: 1, description: page == 0 ? xml : nil)
      }
      _ = try folder.write(tiff.bytes, to: file.name)
    }
  }

  @Test func omeSetOverSeveralFiles() throws {
    let folder = try TemporaryFolder()
    // The files' names are in the opposite order of time.
    let files: [(String, [UInt16])] = [("z &amp; 1.ome.tif", [0, 1]), ("a.ome.tif", [2, 3, 4])]
    try ome(
      folder, files: files, planes: [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)])
    try FileManager.default.moveItem(
      atPath: folder.file("z &amp; 1.ome.tif"), toPath: folder.file("z & 1.ome.tif"))
    for name in ["z & 1.ome.tif", "a.ome.tif"] {
      let movie = try Movies.open(folder.file(name))
      #expect(try firsts(movie) == [0, 1, 2, 3, 4])
      #expect(movie.info.pixelSize == 100)
      #expect(movie.info.format == "OME-TIFF, 2 files")
      #expect(movie.info.notes.isEmpty)
    }
    // Pages out of order inside and between files.
    try ome(
      folder, files: [("a.ome.tif", [4, 0]), ("b.ome.tif", [1, 3, 2])],
      planes: [(0, 1), (1, 0), (1, 2), (1, 1), (0, 0)])
    #expect(try firsts(Movies.open(folder.file("b.ome.tif"))) == [0, 1, 2, 3, 4])
  }

  @Test func omeThatContradictsItsFiles() throws {
    let folder = try TemporaryFolder()
    let one: [(String, [UInt16])] = [("a.ome.tif", [5, 6, 7])]
    // Interrupted: more planes promised than there are.
    try ome(folder, files: one, planes: (0..<9).map { (0, $0) })
    let early = try Movies.open(folder.file("a.ome.tif"))
    #expect(try firsts(early) == [5, 6, 7])
    #expect(early.info.notes == ["the OME-XML states 9 frames, the files contain 3"])
    // A page named twice, or not at all.
    try ome(folder, files: one, planes: [(0, 2), (0, 2), (0, 0)])
    let twice = try Movies.open(folder.file("a.ome.tif"))
    #expect(try firsts(twice) == [5, 6, 7])
    #expect(twice.info.notes.first?.contains("lists a page twice") == true)
    try ome(folder, files: one, planes: [(0, 1)])
    let few = try Movies.open(folder.file("a.ome.tif"))
    #expect(try firsts(few) == [5, 6, 7])
    #expect(few.info.notes.first?.contains("lists 1 of 3 pages") == true)
    // Absurdly large numbers.
    let huge = String(Int.max)
    for (size, data) in [
      (huge, "<TiffData FirstT=\"\(huge)\" IFD=\"\(huge)\" PlaneCount=\"\(huge)\"/>"),
      ("1000000000000", "<TiffData/>"), ("999", "<TiffData FirstT=\"\(huge)\" FirstZ=\"9\"/>"),
    ] {
      var tiff = HandTIFF()
      let xml =
        "<OME><Image><Pixels DimensionOrder=\"XYZCT\" SizeZ=\"\(size)\" SizeC=\"1\" "
        + "SizeT=\"\(size)\">\(data)</Pixels></Image></OME>"
      for value in 0..<3 {
        tiff.page([UInt16(value)], width: 1, height: 1, description: value == 0 ? xml : nil)
      }
      #expect(try firsts(Movies.open(try folder.write(tiff.bytes, to: "h.tif"))) == [0, 1, 2])
    }
    // A renamed file, and a set with one file missing.
    try FileManager.default.moveItem(
      atPath: folder.file("a.ome.tif"), toPath: folder.file("renamed.tif"))
    #expect(try firsts(Movies.open(folder.file("renamed.tif"))) == [5, 6, 7])
    try ome(
      folder, files: [("a.ome.tif", [0, 1]), ("b.ome.tif", [2])],
      planes: [(0, 0), (0, 1), (1, 0)])
    try FileManager.default.removeItem(atPath: folder.file("b.ome.tif"))
    let half = try expectTruncated(
      folder.file("a.ome.tif"), frames: 2, "this file of the set is skipped: cannot be opened")
    #expect(half.hasSuffix("b.ome.tif"))
    // Truncated in the first file: the planes of the second lose their positions.
    try ome(
      folder, files: [("a.ome.tif", [0, 1]), ("b.ome.tif", [2])],
      planes: [(0, 0), (0, 1), (1, 0)])
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("a.ome.tif"))))
    _ = try folder.write(Array(bytes.dropLast(10)), to: "a.ome.tif")
    try expectTruncated(folder.file("a.ome.tif"), frames: 1, "page 1")
    try expectTruncated(folder.file("b.ome.tif"), frames: 1, "page 1")
  }

  /// An NDTiff data set of 3 x 2 pixels over two files.
  static func ndTiff(_ folder: TemporaryFolder, kind: UInt32 = 1) throws -> [UInt8] {
    var index: [UInt8] = []
    func u32(_ values: UInt32...) -> [UInt8] { values.map(\.littleEndian).bytes }
    for (file, values) in [[10, 20], [30]].enumerated() {
      var tiff = HandTIFF(header: u32(483_729, 3, 0, 2_355_492, 2) + Array("{}".utf8))
      for value in values {
        tiff.page((0..<6).map { UInt16(value + $0) }, width: 3, height: 2)
        let axes = Array("{\"time\":\(value)}".utf8)
        let name = Array("NDTiffStack\(file == 0 ? "" : "_1").tif".utf8)
        index += u32(UInt32(axes.count)) + axes + u32(UInt32(name.count)) + name
        index += u32(UInt32(tiff.pixelPositions.last!), 3, 2, kind, 0, 0, 0, 0)
      }
      _ = try folder.write(tiff.bytes, to: "NDTiffStack\(file == 0 ? "" : "_1").tif")
    }
    _ = try folder.write(index, to: "NDTiff.index")
    return index
  }

  @Test func ndTiffThroughItsIndex() throws {
    let folder = try TemporaryFolder()
    let index = try Self.ndTiff(folder)
    for path in [folder.path, folder.file("NDTiffStack.tif"), folder.file("NDTiffStack_1.tif")] {
      let movie = try Movies.open(path)
      #expect(movie.info.format == "NDTiff")
      #expect(try firsts(movie) == [10, 20, 30])
      #expect(try movie.allPixels().count == 18)
    }
    _ = try folder.write(Array(index.dropLast(9)), to: "NDTiff.index")
    try expectTruncated(
      folder.path, frames: 2, "the index of \(index.count - 9) bytes ends inside an entry")
    _ = try folder.write(index, to: "NDTiff.index")
    let last = [UInt8](
      try Data(contentsOf: URL(fileURLWithPath: folder.file("NDTiffStack_1.tif"))))
    _ = try folder.write(Array(last.prefix(40)), to: "NDTiffStack_1.tif")
    try expectTruncated(folder.path, frames: 2, "the index places a frame of 12 bytes at byte")
    _ = try Self.ndTiff(folder, kind: 2)
    #expect(try movieError(folder.path)?.kind == .unsupported)
    _ = try folder.write([0, 0, 0, 0], to: "NDTiff.index")
    #expect(try movieError(folder.path)?.kind == .noFrames)
  }
}
