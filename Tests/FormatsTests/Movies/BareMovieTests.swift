import Formats
import Foundation
import Microscopy
import TestConditions
import Testing

/// dax + inf, raw + yaml and SPE: frames without a directory.
@Suite struct BareMovieTests {
  @Test(arguments: [true, false])
  func daxRoundTrip(bigEndian: Bool) throws {
    let folder = try TemporaryFolder()
    for (width, height) in TIFFMovieTests.sizes {
      let pixels = testPixels(width * height * 4)
      let writer = try RawMovieWriter(
        path: folder.file("m.dax"), width: width, height: height, sidecar: .inf,
        bigEndian: bigEndian, overwrite: true)
      try writer.append(pixels)
      try writer.finish()
      for name in ["m.dax", "m.inf"] {
        let movie = try Movies.open(folder.file(name))
        #expect(movie.info.frames == 4 && movie.info.width == width && movie.info.height == height)
        #expect(movie.info.format == "dax + inf")
        #expect(movie.info.storage == "uint16 \(bigEndian ? "big" : "little")-endian")
        #expect(movie.info.byteOrder == (bigEndian ? .bigEndian : .littleEndian))
        #expect(try movie.allPixels() == pixels.map(Double.init))
      }
    }
  }

  @Test func daxThatIsCutOffOrUnexplained() throws {
    let folder = try TemporaryFolder()
    let writer = try RawMovieWriter(
      path: folder.file("m.dax"), width: 32, height: 32, sidecar: .inf)
    try writer.append(testPixels(32 * 32 * 5))
    try writer.finish()
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("m.dax"))))
    _ = try folder.write(Array(bytes.prefix(32 * 32 * 2 * 3 + 7)), to: "m.dax")
    try expectTruncated(
      folder.file("m.dax"), frames: 3,
      "the header states 5 frames of 2048 bytes, but the file ends 7 bytes into frame 3")
    // Without a number of frames, a part of one tells.
    let inf = try String(contentsOfFile: folder.file("m.inf"), encoding: .utf8)
    let uncounted = inf.split(separator: "\n").filter { !$0.hasPrefix("number of frames") }
    _ = try folder.write(Array(uncounted.joined(separator: "\n").utf8), to: "m.inf")
    try expectTruncated(
      folder.file("m.dax"), frames: 3, "the file ends 7 bytes into a frame of 2048 bytes")
    _ = try folder.write(Array(bytes.prefix(32 * 32 * 2 * 3)), to: "m.dax")
    #expect(try Movies.open(folder.file("m.dax")).info.frames == 3)
    _ = try folder.write(Array(inf.utf8), to: "m.inf")
    _ = try folder.write(Array(bytes.prefix(100)), to: "m.dax")
    #expect(try movieError(folder.file("m.dax"))?.kind == .truncated)
    _ = try folder.write([], to: "m.dax")
    #expect(try movieError(folder.file("m.dax"))?.kind == .empty)
    #expect(try movieError(folder.file("m.inf"))?.kind == .truncated)

    let lone = try folder.write(bytes, to: "lone.dax")
    let error = try #require(try movieError(lone))
    #expect(error.kind == .sidecar)
    #expect(error.hint?.text().contains("5 frames of 32 x 32") == true)
    #expect(error.hint?.text().contains("lone.inf") == true)
    let told = try Movies.open(lone, options: MovieOptions(width: 32, height: 32))
    #expect(told.info.frames == 5)
    #expect(try movieError(lone, options: MovieOptions(width: 32))?.kind == .sidecar)

    for (text, kind) in [
      ("frame dimensions = 4 by 4\n", MovieError.Kind.sidecar),
      ("frame dimensions = 0 x 4\n", .inconsistent),
      ("frame dimensions = 99999999999 x 99999999999\n", .inconsistent),
      ("frame dimensions = 4 x 4\nnumber of frames = many\n", .sidecar),
      ("frame dimensions = 4 x 4\nnumber of frames = 0\n", .noFrames),
      ("frame dimensions = 4 x 4\nnumber of frames = -1\n", .noFrames),
      ("frame dimensions = 4 x 4\ndata type = 8 bit\n", .unsupported),
    ] {
      _ = try folder.write(Array(text.utf8), to: "lone.inf")
      #expect(try movieError(lone)?.kind == kind, "\(text)")
    }
    _ = try folder.write(Array("frame dimensions = 4 x 4\n".utf8), to: "orphan.inf")
    #expect(try movieError(folder.file("orphan.inf"))?.kind == .sidecar)
  }

  @Test(arguments: [true, false])
  func rawRoundTrip(bigEndian: Bool) throws {
    let folder = try TemporaryFolder()
    let pixels = testPixels(13 * 17 * 4)
    let writer = try RawMovieWriter(
      path: folder.file("m.raw"), width: 13, height: 17, sidecar: .yaml, bigEndian: bigEndian)
    try writer.append(pixels)
    try writer.finish()
    for name in ["m.raw", "m.yaml"] {
      let movie = try Movies.open(folder.file(name))
      #expect(movie.info.frames == 4 && movie.info.width == 13 && movie.info.height == 17)
      #expect(try movie.allPixels() == pixels.map(Double.init))
    }
  }

  @Test func rawWithEveryKindOfPixelAndSeveralDocuments() throws {
    let folder = try TemporaryFolder()
    let numbers = testPixels(15)
    func check(_ type: String, _ order: String, _ bytes: [UInt8], _ expected: [Double]) throws {
      let text = """
        Byte Order: '\(order)'
        Data Type: \(type)
        File: m.raw
        Frames: 999
        Height: 5
        Width: 3
        Micro-Manager Metadata:
          Width: 77
        ---
        Frames: 1
        Generated by: 'Picasso: filter'
        """
      _ = try folder.write(Array(text.utf8), to: "m.yaml")
      let movie = try Movies.open(try folder.write(bytes, to: "m.raw"))
      #expect(movie.info.frames == 1 && movie.info.width == 3, "the last document wins")
      #expect(try movie.allPixels() == expected, "\(type) \(order)")
    }
    try check("uint16", "<", numbers.map(\.littleEndian).bytes, numbers.map(Double.init))
    try check("uint16", ">", numbers.map(\.bigEndian).bytes, numbers.map(Double.init))
    try check("'>u2'", "<", numbers.map(\.bigEndian).bytes, numbers.map(Double.init))
    try check("uint8", "|", numbers.map { UInt8($0 & 255) }, numbers.map { Double($0 & 255) })
    try check(
      "float32", "<", numbers.map { Float($0) / 3 }.bytes, numbers.map { Double(Float($0) / 3) })
    try check(
      "float64", ">", numbers.map { (Double($0) / 3).bitPattern.bigEndian }.bytes,
      numbers.map { Double(Float(Double($0) / 3)) })
    for (change, kind) in [
      ("Data Type: complex64", MovieError.Kind.unsupported), ("Byte Order: '='", .sidecar),
      ("Frames: -3", .noFrames), ("Width: wide", .sidecar), ("Height: 0", .inconsistent),
      ("Width: 9223372036854775807", .inconsistent),
    ] {
      let base = "Byte Order: '<'\nData Type: uint16\nFrames: 1\nHeight: 5\nWidth: 3\n"
      _ = try folder.write(Array((base + "---\n" + change + "\n").utf8), to: "m.yaml")
      #expect(try movieError(folder.file("m.raw"))?.kind == kind, "\(change)")
    }
  }

  @Test func rawWithoutItsSidecar() throws {
    let folder = try TemporaryFolder()
    let error = try movieError(try folder.write([5, 6, 7, 8], to: "lone.raw"))
    #expect(error?.kind == .sidecar && error?.hint?.text().contains("lone.yaml") == true)
    let yaml = "Data Type: uint16\nByte Order: '<'\nFrames: 1\nHeight: 1\nWidth: 1\n"
    _ = try folder.write(Array(yaml.utf8), to: "orphan.yaml")
    #expect(try movieError(folder.file("orphan.yaml"))?.kind == .sidecar)
  }

  /// The header of an SPE 2 file with its pixels.
  static func spe(
    width: Int, height: Int, frames: Int, kind: Int, pixels: [UInt8], marks: Bool = true
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4100)
    func put(_ value: Int, at offset: Int, _ count: Int) {
      for i in 0..<count { bytes[offset + i] = UInt8(truncatingIfNeeded: value >> (8 * i)) }
    }
    put(width, at: 42, 2)
    put(kind, at: 108, 2)
    put(height, at: 656, 2)
    put(frames, at: 1446, 4)
    if marks {
      put(0x0123_4567, at: 2996, 4)
      put(0x5555, at: 4098, 2)
    }
    return bytes + pixels
  }

  @Test func speOfEveryKind() throws {
    let folder = try TemporaryFolder()
    let numbers = testPixels(13 * 17 * 3)
    let cases: [(Int, [UInt8], (UInt16) -> Double)] = [
      (0, numbers.map { Float($0) / 3 }.bytes, { Double(Float($0) / 3) }),
      (1, numbers.map { -Int32($0) }.bytes, { -Double($0) }),
      (2, numbers.map { Int16(bitPattern: $0) }.bytes, { Double(Int16(bitPattern: $0)) }),
      (3, numbers.bytes, { Double($0) }),
      (5, numbers.map { Double($0) / 3 }.bytes, { Double(Float(Double($0) / 3)) }),
      (6, numbers.map { UInt8($0 & 255) }, { Double($0 & 255) }),
      (8, numbers.map { UInt32($0) }.bytes, { Double($0) }),
    ]
    for (kind, bytes, value) in cases {
      for marks in [true, false] {
        let movie = try Movies.open(
          try folder.write(
            Self.spe(width: 13, height: 17, frames: 3, kind: kind, pixels: bytes, marks: marks),
            to: "anyname"))
        #expect(movie.info.format == "SPE 2" && movie.info.frames == 3)
        #expect(try movie.allPixels() == numbers.map(value), "kind \(kind)")
      }
    }
    let some = numbers.bytes
    func open(_ bytes: [UInt8]) throws -> String { try folder.write(bytes, to: "m.SPE") }
    let cut = Self.spe(width: 13, height: 17, frames: 50, kind: 3, pixels: some)
    try expectTruncated(
      try open(cut), frames: 3,
      "the header states 50 frames of 442 bytes, but the file ends 0 bytes into frame 3")
    let torn = Self.spe(width: 13, height: 17, frames: 0, kind: 3, pixels: some.dropLast(2))
    try expectTruncated(
      try open(torn), frames: 2, "the file ends 440 bytes into a frame of 442 bytes")
    let unfinished = Self.spe(width: 13, height: 17, frames: 0, kind: 3, pixels: some)
    let movie = try Movies.open(try open(unfinished))
    #expect(movie.info.frames == 3)
    #expect(movie.info.notes == ["the header states 0 frames, the file contains 3"])
    let none = Self.spe(width: 13, height: 17, frames: 0, kind: 3, pixels: [])
    #expect(try movieError(try open(none))?.kind == .noFrames)
    let few = Self.spe(width: 13, height: 17, frames: 2, kind: 3, pixels: [1, 2])
    #expect(try movieError(try open(few))?.kind == .truncated)
    let odd = Self.spe(width: 13, height: 17, frames: 3, kind: 44, pixels: some)
    #expect(try movieError(try open(odd))?.kind == .unsupported)
    #expect(try movieError(try open(Array(cut.prefix(99))))?.kind == .truncated)
    let vast = Self.spe(width: 65535, height: 65535, frames: 0x7FFF_FFFF, kind: 5, pixels: some)
    #expect(try movieError(try open(vast))?.kind == .inconsistent)
  }

  @Test func thingsThatAreNoMovies() throws {
    let folder = try TemporaryFolder()
    #expect(try movieError(folder.file("nothing.tif"))?.kind == .missing)
    #expect(try movieError(folder.path)?.kind == .missing)
    #expect(try movieError(try folder.write([], to: "empty.tif"))?.kind == .empty)
    let text = try #require(try movieError(try folder.write(Array("hello".utf8), to: "a.tif")))
    #expect(text.kind == .unknown)
    #expect(text.description.contains("68 65 6c 6c 6f"))
    #expect(text.description.contains("\nhint: supported formats: TIFF"))
    let hdf = try folder.write([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10], to: "a.hdf5")
    #expect(try movieError(hdf)?.what.contains("HDF5") == true)
    #expect(try movieError(try folder.write([0x49, 0x49, 42, 0], to: "b"))?.kind == .truncated)
    #expect(try movieError("/dev/null")?.description.contains("is a device and not a file") == true)
  }

  @Test(.filePermissions) func aLockedMovie() throws {
    let folder = try TemporaryFolder()
    let secret = try folder.write([1], to: "secret.tif")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: secret)
    #expect(try movieError(secret)?.kind == .unreadable)
  }

  @Test func framesOutsideTheMovieAreRefused() throws {
    let folder = try TemporaryFolder()
    var tiff = HandTIFF()
    tiff.page([7], width: 1, height: 1)
    let movie = try Movies.open(try folder.write(tiff.bytes, to: "one.tif"))
    #expect(throws: MovieError.self) { try movie.pixels(0..<2) }
    #expect(throws: MovieError.self) { try movie.pixels(5..<6) }
    #expect(try movie.pixels(0..<0) == [])
  }

  /// A file that shrinks after it was opened: the error names the frame that is gone.
  @Test func aFileThatShrinksWhileItIsRead() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      Self.spe(width: 8, height: 8, frames: 10, kind: 3, pixels: testPixels(640).bytes), to: "s.spe"
    )
    let movie = try Movies.open(path)
    try #require(FileHandle(forUpdatingAtPath: path)).truncate(atOffset: 4100 + 128 * 4 + 3)
    #expect(try movie.pixels(0..<4).count == 256)
    #expect { try movie.pixels(0..<10) } throws: {
      ($0 as? MovieError)?.kind == .readFailed && ($0 as? MovieError)?.frame == 4
    }
  }
}
