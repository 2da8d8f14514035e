import CTIFF
import Formats
import Foundation
import Microscopy
import Testing

@Suite struct TIFFMovieTests {
  static let sizes = [(1, 1), (13, 17), (64, 32)]
  static let modes = ["wl", "wb", "wl8", "wb8"]

  @Test(arguments: modes, sizes)
  func everyKindOfPixelInBothByteOrders(mode: String, size: (Int, Int)) throws {
    let folder = try TemporaryFolder()
    let (width, height) = size
    let count = width * height
    let numbers = (0..<3).map { testPixels(count, seed: UInt64($0)) }
    let kinds:
      [(
        name: String, bits: Int, format: Int, bytes: ([UInt16]) -> [UInt8],
        value: (UInt16) -> Double
      )] = [
        ("u8", 8, 1, { $0.map { UInt8(truncatingIfNeeded: $0) } }, { Double($0 & 255) }),
        (
          "i8", 8, 2, { $0.map { UInt8(truncatingIfNeeded: $0) } },
          { Double(Int8(truncatingIfNeeded: $0)) }
        ),
        ("u16", 16, 1, { $0.bytes }, { Double($0) }),
        ("i16", 16, 2, { $0.bytes }, { Double(Int16(bitPattern: $0)) }),
        (
          "u32", 32, 1, { $0.map { UInt32($0) * 65000 }.bytes },
          { Double(Float(UInt32($0) * 65000)) }
        ),
        ("i32", 32, 2, { $0.map { -Int32($0) }.bytes }, { -Double($0) }),
        ("f32", 32, 3, { $0.map { Float($0) / 7 }.bytes }, { Double(Float($0) / 7) }),
        ("f64", 64, 3, { $0.map { Double($0) / 7 }.bytes }, { Double(Float(Double($0) / 7)) }),
      ]
    for kind in kinds {
      for (rows, tile, compression) in [
        (0, 0, COMPRESSION_NONE), (5, 0, COMPRESSION_NONE), (0, 16, COMPRESSION_NONE),
        (5, 0, COMPRESSION_LZW), (0, 16, COMPRESSION_ADOBE_DEFLATE),
      ] {
        let path = folder.file("\(kind.name)-\(rows)-\(tile)-\(compression).tif")
        try LibTIFF(
          mode: mode, bits: kind.bits, format: kind.format, compression: compression,
          rowsPerStrip: rows, tile: tile
        ).write(numbers.map(kind.bytes), width: width, height: height, to: path)
        let movie = try Movies.open(path)
        #expect(movie.info.width == width && movie.info.height == height)
        #expect(movie.info.frames == 3, "\(path)")
        #expect(movie.info.notes.isEmpty, "\(movie.info.notes)")
        #expect(movie.info.pixel == (kind.name == "u8" || kind.name == "u16" ? .uint16 : .float32))
        #expect(try movie.allPixels() == numbers.flatMap { $0.map(kind.value) }, "\(path)")
        #expect(try movie.pixels(2..<3) == numbers[2].map(kind.value), "\(path)")
      }
    }
  }

  @Test(
    arguments: [
      COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE, COMPRESSION_PACKBITS,
    ])
  func losslessCompression(_ scheme: Int32) throws {
    let folder = try TemporaryFolder()
    let pages = (0..<3).map { testPixels(40 * 30, seed: UInt64($0)).map { $0 & 1023 } }
    for predictor in [1, 2] where predictor == 1 || scheme != COMPRESSION_PACKBITS {
      let path = folder.file("\(scheme)-\(predictor).tif")
      try LibTIFF(mode: "wb", compression: scheme, rowsPerStrip: 7, predictor: predictor).write(
        pages.map(\.bytes), width: 40, height: 30, to: path)
      let movie = try Movies.open(path)
      #expect(try movie.allPixels() == pages.flatMap { $0.map(Double.init) })
    }
  }

  /// Features with which the system's libtiff may not have been built.
  private static func libtiffHas(_ scheme: Int32) -> Bool {
    TIFFIsCODECConfigured(UInt16(scheme)) == 1
  }

  @Test(.enabled(if: libtiffHas(COMPRESSION_LZMA), "this libtiff has no LZMA"))
  func lzma() throws { try losslessCompression(COMPRESSION_LZMA) }

  @Test(.enabled(if: libtiffHas(COMPRESSION_ZSTD), "this libtiff has no Zstandard"))
  func zstandard() throws { try losslessCompression(COMPRESSION_ZSTD) }

  @Test(.enabled(if: libtiffHas(COMPRESSION_JPEG), "this libtiff has no JPEG"))
  func lossyCompression() throws {
    let folder = try TemporaryFolder()
    // A uniform image is not changed by JPEG.
    let path = folder.file("jpeg.tif")
    try LibTIFF(bits: 8, compression: COMPRESSION_JPEG, rowsPerStrip: 16).write(
      [100, 200].map { [UInt8](repeating: $0, count: 40 * 30) }, width: 40, height: 30, to: path)
    let movie = try Movies.open(path)
    #expect(try movie.pixels(1..<2) == [Double](repeating: 200, count: 1200))
  }

  @Test func floatingPointCompression() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("float.tif")
    let floats = testPixels(40 * 30).map { Float($0) / 3 }
    // In the host's byte order: libtiff 4.5 writes this predictor incorrectly in the other one.
    try LibTIFF(
      bits: 32, format: 3, compression: COMPRESSION_ADOBE_DEFLATE, tile: 16,
      predictor: 3
    ).write([floats.bytes], width: 40, height: 30, to: path)
    #expect(try Movies.open(path).allPixels() == floats.map(Double.init))
  }

  @Test func bytesWhoseBitsAreMirrored() throws {
    let folder = try TemporaryFolder()
    let pixels = testPixels(13 * 17)
    for order in [1, 2] {
      let path = folder.file("fill\(order).tif")
      try LibTIFF(mode: "wl", fillOrder: order).write(
        [pixels.bytes], width: 13, height: 17, to: path)
      #expect(try Movies.open(path).allPixels() == pixels.map(Double.init))
    }
    let contents = [1, 2].map { FileManager.default.contents(atPath: folder.file("fill\($0).tif")) }
    #expect(contents[0] != contents[1])
  }

  @Test func severalThreadsReadOneCompressedMovie() async throws {
    let folder = try TemporaryFolder()
    let pages = (0..<40).map { testPixels(31 * 29, seed: UInt64($0)) }
    let path = folder.file("threads.tif")
    try LibTIFF(compression: COMPRESSION_LZW, rowsPerStrip: 4).write(
      pages.map(\.bytes), width: 31, height: 29, to: path)
    let movie = try Movies.open(path)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for worker in 0..<8 {
        group.addTask {
          for step in 0..<40 {
            let frame = (step * 7 + worker * 5) % 40
            if try movie.pixels(frame..<(frame + 1)) != pages[frame].map(Double.init) {
              return false
            }
          }
          return true
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }

  @Test(arguments: [false, true], [false, true])
  func writerAndReaderAgree(bigTIFF: Bool, bigEndian: Bool) throws {
    let folder = try TemporaryFolder()
    for (width, height) in Self.sizes {
      let path = folder.file("w\(width).tif")
      let pixels = testPixels(width * height * 7)
      let writer = try TIFFMovieWriter(
        path: path, width: width, height: height, bigTIFF: bigTIFF, bigEndian: bigEndian,
        pixelSize: 106.5)
      try writer.append(Array(pixels[..<(width * height * 3)]))
      try writer.append(Array(pixels[(width * height * 3)...]))
      #expect(!FileManager.default.fileExists(atPath: path), "the name comes last")
      try writer.finish()
      let movie = try Movies.open(path)
      #expect(movie.info.frames == 7)
      #expect(movie.info.pixelSize == 106.5)
      #expect(movie.info.format == "ImageJ TIFF")
      #expect(try movie.allPixels() == pixels.map(Double.init))
      #expect(try movie.pixels(6..<7) == pixels.suffix(width * height).map(Double.init))
    }
  }

  @Test func aWriterThatIsDroppedLeavesNothing() throws {
    let folder = try TemporaryFolder()
    do {
      let writer = try TIFFMovieWriter(path: folder.file("gone.tif"), width: 4, height: 4)
      try writer.append([UInt16](repeating: 1, count: 16))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    #expect(throws: OutputError.self) {
      try TIFFMovieWriter(path: folder.file("no/such/folder.tif"), width: 4, height: 4)
    }
  }

  @Test func writersRefuseNonsenseAndKeepWhatIsThere() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1], to: "there.tif")
    #expect(throws: OutputError.exists(path: path)) {
      try TIFFMovieWriter(path: path, width: 4, height: 4)
    }
    for size in [0, -100, Double.nan, .infinity] {
      #expect(throws: MovieError.self) {
        try TIFFMovieWriter(path: folder.file("a.tif"), width: 4, height: 4, pixelSize: size)
      }
    }
    #expect(throws: MovieError.self) {
      try TIFFMovieWriter(path: folder.file("a.tif"), width: 0, height: 4)
    }
    let none = try TIFFMovieWriter(path: folder.file("a.tif"), width: 4, height: 4)
    #expect(throws: MovieError.self) { try none.finish() }
  }

  /// A stack above 4 GB as ImageJ writes it: one directory, pixels in one piece; the file is
  /// sparse.
  @Test func imageJStackAboveFourGigabytesWithOneDirectory() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("huge.tif")
    let (width, height, frames) = (512, 512, 8500)
    var tiff = HandTIFF()
    tiff.page(
      testPixels(width * height), width: width, height: height,
      description: "ImageJ=1.53t\nimages=\(frames)\nslices=\(frames)\nunit=\\u00B5m\n")
    // ImageJ puts the directory first; here it follows frame 0, so the pixels are moved behind it.
    let start = tiff.bytes.count
    let offsetEntry = tiff.directories[0] + 2 + 12 * 6
    #expect(tiff.bytes[offsetEntry] == 17 && tiff.bytes[offsetEntry + 1] == 1)
    tiff.put(UInt32(start), at: offsetEntry + 8)
    _ = try folder.write(tiff.bytes, to: "huge.tif")
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    let frameBytes = width * height * 2
    try file.truncate(atOffset: UInt64(start + frames * frameBytes))
    let marks = [0, frames / 2, frames - 1].map {
      ($0, testPixels(width * height, seed: UInt64($0)))
    }
    for (frame, pixels) in marks {
      try file.seek(toOffset: UInt64(start + frame * frameBytes))
      try file.write(contentsOf: Data(pixels.map(\.littleEndian).bytes))
    }
    try file.close()
    let movie = try Movies.open(path)
    #expect(start + frames * frameBytes > 1 << 32)
    #expect(movie.info.frames == frames)
    #expect(movie.info.format == "ImageJ TIFF, one directory")
    for (frame, pixels) in marks {
      #expect(try movie.pixels(frame..<(frame + 1)) == pixels.map(Double.init))
    }
    #expect(try movie.pixels(1..<2).allSatisfy { $0 == 0 })
    // A stack whose end is missing says how many frames it has.
    try #require(FileHandle(forUpdatingAtPath: path)).truncate(
      atOffset: UInt64(start + 100 * frameBytes + 5))
    try expectTruncated(
      path, frames: 100,
      "the header states \(frames) frames of \(frameBytes) bytes, but the file ends 5 bytes "
        + "into frame 100")
  }

  /// In ImageJ's layout every directory but the first follows the pixels: a truncated stack has
  /// lost them, but its frames are still at their positions.
  @Test func aTornStackWithItsDirectoriesAtTheEnd() throws {
    let folder = try TemporaryFolder()
    let pixels = testPixels(40 * 30 * 6)
    let writer = try TIFFMovieWriter(path: folder.file("m.tif"), width: 40, height: 30)
    try writer.append(pixels)
    try writer.finish()
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("m.tif"))))
    let start = bytes.count - 6 * 2400
    let path = try folder.write(Array(bytes.prefix(4 * 2400 + start / 2)), to: "cut.tif")
    let error = try #require(try movieError(path))
    #expect(error.kind == .truncated)
    let frames = try #require(error.frame)
    #expect((3...4).contains(frames) && error.what.contains("states 6 frames of 2400 bytes"))
    let movie = try Movies.open(path, options: MovieOptions(acceptsTruncated: true))
    #expect(try movie.allPixels() == pixels.prefix(frames * 1200).map(Double.init))
  }

  @Test func pixelSizeOnlyWhereItIsBelievable() throws {
    let folder = try TemporaryFolder()
    let ome = { (size: String) in
      "<?xml version=\"1.0\"?><OME xmlns=\"x\"><Image><Pixels DimensionOrder=\"XYCZT\" SizeX=\"2\" "
        + "SizeY=\"2\" SizeC=\"1\" SizeZ=\"1\" SizeT=\"1\" Type=\"uint16\" \(size)>"
        + "<TiffData/></Pixels></Image></OME>"
    }
    let cases: [(String, Double?)] = [
      (ome("PhysicalSizeX=\"0.1065\""), 106.5),
      (ome("PhysicalSizeX=\"108\" PhysicalSizeXUnit=\"nm\""), 108),
      (ome("PhysicalSizeX=\"1.0\""), nil), (ome("PhysicalSizeX=\"-3\""), nil),
      (ome("PhysicalSizeX=\"100\" PhysicalSizeXUnit=\"pixel\""), nil), (ome(""), nil),
      ("ImageJ=1.5\nunit=pixel\n", nil), ("nothing", nil),
    ]
    for (description, expected) in cases {
      var tiff = HandTIFF()
      tiff.page([1, 2, 3, 4], width: 2, height: 2, description: description)
      let movie = try Movies.open(try folder.write(tiff.bytes, to: "size.tif"))
      #expect(movie.info.pixelSize == expected, "\(description)")
      #expect(movie.info.frames == 1)
    }
  }

  @Test func brokenChainsEndWhereTheyBreak() throws {
    let folder = try TemporaryFolder()
    func tiff(_ pages: Int) -> HandTIFF {
      var tiff = HandTIFF()
      for page in 0..<pages {
        tiff.page(testPixels(6, seed: UInt64(page)), width: 3, height: 2)
      }
      return tiff
    }
    func notes(_ tiff: HandTIFF) throws -> (Int, [String]) {
      let movie = try Movies.open(try folder.write(tiff.bytes, to: "chain.tif"))
      _ = try movie.allPixels()
      return (movie.info.frames, movie.info.notes)
    }
    func expectTorn(_ tiff: HandTIFF, frames: Int, _ what: String) throws {
      let path = try folder.write(tiff.bytes, to: "chain.tif")
      try expectTruncated(path, frames: frames, what)
    }
    var loop = tiff(5)
    loop.put(UInt32(loop.directories[1]), at: loop.link)
    #expect(
      try notes(loop) == (
        5, ["the chain of pages loops from page 4 back to page 1 and is cut there"]
      ))
    var own = tiff(1)
    own.put(UInt32(own.directories[0]), at: own.link)
    #expect(
      try notes(own) == (
        1, ["the chain of pages loops from page 0 back to page 0 and is cut there"]
      ))
    var outside = tiff(4)
    outside.put(0xFFFF_FFF0, at: outside.link)
    let size = outside.bytes.count
    try expectTorn(
      outside, frames: 4,
      "page 4 should begin at byte 4294967280, but the file has only \(size) bytes")
    var cut = tiff(4)
    cut.put(0xFFFF_0000, at: cut.directories[3] + 2 + 12 * 5 + 8)
    try expectTorn(
      cut, frames: 3,
      "page 3: its 12 bytes of pixels at byte 4294901760 exceed the file, which has \(size)")
    // A pointer to nothing behind as many pages as ImageJ counted is a habit of some writers.
    var habit = HandTIFF()
    for page in 0..<3 {
      habit.page(
        testPixels(6), width: 3, height: 2, description: page == 0 ? "ImageJ=1\nslices=3\n" : nil)
    }
    habit.put(0xFFFF_FFF0, at: habit.link)
    #expect(try notes(habit) == (3, []))
    var thumbnail = tiff(3)
    thumbnail.page([9], width: 1, height: 1)
    #expect(try notes(thumbnail) == (3, ["page 3 is a thumbnail of 1 x 1 and is skipped"]))
    var reduced = tiff(2)
    reduced.page([9], width: 1, height: 1, extra: [(254, 1)])
    reduced.page(testPixels(6, seed: 2), width: 3, height: 2)
    #expect(try notes(reduced).0 == 3)
  }

  /// Long regular chains are not read page by page; irregularities are still found.
  @Test(arguments: [nil, 5000, 9990], [nil, 3, 2000])
  func longChains(odd: Int?, lost: Int?) throws {
    let folder = try TemporaryFolder()
    var tiff = HandTIFF()
    for page in 0..<20000 {
      tiff.page([UInt16(page)], width: 1, height: 1, extra: page == odd ? [(700, 1)] : [])
    }
    let frames = 20000 - (lost ?? 0)
    if lost != nil { tiff.bytes.removeLast(tiff.bytes.count - tiff.directories[frames] - 4) }
    let movie = try Movies.open(
      try folder.write(tiff.bytes, to: "long.tif"), options: MovieOptions(acceptsTruncated: true))
    #expect(movie.info.frames == frames)
    #expect((movie.info.truncation != nil) == (lost != nil))
    #expect(try movie.allPixels() == (0..<frames).map(Double.init))
  }

  @Test func pagesThatAreNoFramesAreRefused() throws {
    let folder = try TemporaryFolder()
    func error(_ make: (inout HandTIFF) -> Void) throws -> MovieError? {
      var tiff = HandTIFF()
      make(&tiff)
      return try movieError(try folder.write(tiff.bytes, to: "bad.tif"))
    }
    let size = try error {
      $0.page(testPixels(6), width: 3, height: 2)
      $0.page(testPixels(12), width: 4, height: 3)
      $0.page(testPixels(6), width: 3, height: 2)
    }
    #expect(size?.kind == .inconsistent && size?.frame == 1)
    #expect(size?.description.contains("page 1 has 4 x 3") == true)
    let colour = try error {
      $0.page(testPixels(18), width: 3, height: 2, samples: 3, photometric: 2)
    }
    #expect(colour?.kind == .unsupported && colour?.what.contains("colour") == true)
    let packed = try error { $0.page(testPixels(6), width: 3, height: 2, bits: 12) }
    #expect(packed?.kind == .unsupported && packed?.what.contains("12-bit") == true)
    let absurd = try error { $0.page(testPixels(6), width: 1 << 20, height: 1 << 20) }
    #expect(absurd?.kind == .inconsistent)
    let none = try error { _ in }
    #expect(none?.kind == .noFrames)
    let odd = try error { $0.page(testPixels(6), width: 3, height: 2, extra: [(259, 6000)]) }
    #expect(odd?.kind == .unsupported && odd?.what.contains("6000") == true)
  }

  @Test func folderOfFramesInNaturalOrder() throws {
    let folder = try TemporaryFolder()
    for frame in [1, 2, 10, 11, 100] {
      var tiff = HandTIFF()
      tiff.page([UInt16(frame)], width: 1, height: 1)
      _ = try folder.write(tiff.bytes, to: "img\(frame).tif")
    }
    _ = try folder.write([1, 2, 3], to: "notes.txt")
    _ = try folder.write([1, 2, 3], to: "._img1.tif")
    let movie = try Movies.open(folder.path)
    #expect(try movie.allPixels() == [1, 2, 10, 11, 100])
    #expect(movie.info.format == "folder of TIFFs")
    #expect(movie.info.files.count == 5)
    var other = HandTIFF()
    other.page([1, 2], width: 2, height: 1)
    _ = try folder.write(other.bytes, to: "img10.tif")
    let error = try movieError(folder.path)
    #expect(error?.kind == .inconsistent && error?.frame == 2)
    #expect(error?.file.hasSuffix("img10.tif") == true)
  }
}
