import CTIFF
import Compute
import Formats
import Foundation
import Microscopy
import Testing

/// Broken files of every format: opening and reading returns or throws `MovieError`, nothing else.
@Suite struct MovieFuzzTests {
  /// A sanitizer makes the readers many times slower.
  static let limit: Duration =
    ProcessInfo.processInfo.environment["GLINT_SANITIZER"] == nil ? .seconds(5) : .seconds(60)
  /// Changes per file; GLINT_FUZZ increases them for a long run.
  static let flips = ProcessInfo.processInfo.environment["GLINT_FUZZ"].flatMap(Int.init) ?? 100

  /// Opens and reads all planes, and those of one channel, slice, position and series; false if the
  /// result is neither a movie nor a `MovieError`.
  private func survives(_ path: String) -> Bool {
    let chosen = Dictionary(
      uniqueKeysWithValues: [PlaneAxis.channel, .slice, .position, .series].map {
        ($0, PlaneChoice.number(1))
      })
    return [[:], chosen].allSatisfy { planes in
      do {
        let options = MovieOptions(acceptsTruncated: true, planes: planes)
        try read(
          planes.isEmpty
            ? Movies.openAll(path, options: options) : Movies.open(path, options: options))
        return true
      } catch {
        return error is MovieError
      }
    }
  }

  private func read(_ movie: any Movie) throws {
    // Larger than any file here holds uncompressed: a caller would check before allocating.
    guard movie.info.frameBytes <= 1 << 22 else { return }
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: movie.info.frameBytes, alignment: 16)
    defer { buffer.deallocate() }
    let last = movie.info.frames - 1
    for frame in Set([0, 1, last / 2, last]) where frame <= last {
      do { try movie.read(frame..<(frame + 1), into: buffer) } catch is MovieError {}
    }
  }

  /// Truncations, random bytes and extreme numbers in the file `name`, which is with its companion
  /// files in `folder`; `path` is opened.
  func attack(
    _ folder: TemporaryFolder, _ name: String, opening path: String? = nil, seed: UInt64
  ) throws {
    let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file(name))))
    var noise = SampleGenerator(seed: seed)
    let clock = ContinuousClock()
    func check(_ bytes: [UInt8], _ what: String) throws {
      let path = path ?? folder.file(name)
      _ = try folder.write(bytes, to: name)
      let start = clock.now
      #expect(survives(path), "\(name), \(what)")
      #expect(clock.now - start < Self.limit, "\(name), \(what)")
    }
    let step = max(1, original.count / 100)
    for length in stride(from: 0, to: original.count, by: step) {
      try check(Array(original.prefix(length)), "cut at \(length)")
    }
    for round in 0..<Self.flips {
      var bytes = original
      for _ in 0..<Int.random(in: 1...6, using: &noise) { mutate(&bytes, &noise) }
      try check(bytes, "flip \(round) of seed \(seed)")
    }
    _ = try folder.write(original, to: name)
  }

  /// One wrong byte, field or number.
  private func mutate(_ bytes: inout [UInt8], _ noise: inout SampleGenerator) {
    guard !bytes.isEmpty else { return }
    // Headers and tables matter more than pixels.
    let reach = Bool.random(using: &noise) ? min(bytes.count, 400) : bytes.count
    let at = Int.random(in: 0..<reach, using: &noise)
    switch Int.random(in: 0..<4, using: &noise) {
    case 0: bytes[at] = UInt8.random(in: 0...255, using: &noise)
    case 1: bytes[at] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &noise)!
    case 2:
      // A field of 2, 4 or 8 bytes at one end of its range.
      let size = [2, 4, 8].randomElement(using: &noise)!
      let fill: UInt8 = Bool.random(using: &noise) ? 0xFF : 0
      for i in at..<min(bytes.count, at + size) { bytes[i] = fill }
      if Bool.random(using: &noise) { bytes[at] ^= 0x80 } else { bytes[at] ^= 1 }
    default:
      // A number in text that is larger than an Int, or as large as possible.
      guard let digit = bytes[at...].firstIndex(where: { (48...57).contains($0) }) else { return }
      let text = ["9223372036854775807", "-1", "0", "99999999999999999999", "1e308", ""]
      bytes.replaceSubrange(digit...digit, with: Array(text.randomElement(using: &noise)!.utf8))
    }
  }

  @Test(arguments: ["wl", "wb", "wl8", "wb8"]) func tiff(mode: String) throws {
    let folder = try TemporaryFolder()
    let pages = (0..<3).map { testPixels(13 * 17, seed: UInt64($0)).bytes }
    var seed: UInt64 = 1
    for (rows, tile, scheme) in [
      (0, 0, COMPRESSION_NONE), (4, 0, COMPRESSION_LZW), (0, 16, COMPRESSION_NONE),
      (4, 0, COMPRESSION_PACKBITS), (0, 16, COMPRESSION_ADOBE_DEFLATE),
    ] {
      let name = "f\(rows)-\(tile)-\(scheme).tif"
      try LibTIFF(mode: mode, compression: scheme, rowsPerStrip: rows, tile: tile).write(
        pages, width: 13, height: 17, to: folder.file(name))
      try attack(folder, name, seed: seed)
      seed += 1
    }
  }

  @Test func writtenByGlint() throws {
    let folder = try TemporaryFolder()
    for big in [false, true] {
      let writer = try TIFFMovieWriter(
        path: folder.file("g.tif"), width: 13, height: 17, bigTIFF: big, pixelSize: 100,
        overwrite: true)
      try writer.append(testPixels(13 * 17 * 4))
      try writer.finish()
      try attack(folder, "g.tif", seed: big ? 21 : 22)
    }
  }

  @Test func imageJWithOneDirectory() throws {
    let folder = try TemporaryFolder()
    var tiff = HandTIFF()
    tiff.page(
      testPixels(60), width: 3, height: 2,
      description: "ImageJ=1.5\nimages=10\nslices=5\nframes=2\nunit=um\n")
    _ = try folder.write(tiff.bytes, to: "ij.tif")
    try attack(folder, "ij.tif", seed: 31)
  }

  /// Files whose text and tables state axes. `GLINT_FUZZ=2500` makes about 20,000 damaged files.
  @Test func axes() throws {
    let folder = try TemporaryFolder()
    for (name, fields, samples, planar) in [
      ("h", "images=12\nchannels=2\nslices=3\nframes=2\nspacing=0.5\n", 1, 1),
      ("s", "images=12\nslices=12\ncf=0\nc0=-32768\nc1=1\n", 1, 1), ("i", "", 3, 1),
      ("p", "", 3, 2),
    ] {
      var tiff = HandTIFF()
      for page in 0..<12 {
        tiff.page(
          testPixels(6 * samples, seed: UInt64(page)), width: 3, height: 2,
          description: page == 0 && !fields.isEmpty ? "ImageJ=1.54f\n" + fields : nil,
          extra: samples == 1 ? [] : [(284, planar)], samples: samples)
      }
      _ = try folder.write(tiff.bytes, to: "\(name).tif")
      try attack(folder, "\(name).tif", seed: 51)
    }

    func u32(_ values: UInt32...) -> [UInt8] { values.map(\.littleEndian).bytes }
    var stack = HandTIFF()
    let fraction = UInt32(8 + 5 * 12)
    stack.page(
      testPixels(30), width: 3, height: 2,
      tables: [
        (65000, 1, 8, u32(108, 1000)), (65001, 1, 7, u32(3) + Array("um\0".utf8)),
        (33628, 4, 3, u32(3, 1, 4, fraction, 6, fraction + 8)),
        (33629, 5, 5, (0..<5).flatMap { _ in u32(250, 1, 0, 0, 0, 0) }),
      ])
    _ = try folder.write(stack.bytes, to: "m.stk")
    try attack(folder, "m.stk", seed: 52)

    let sets = try TemporaryFolder()
    _ = try sets.write(
      TIFFSetTests.microManager(
        Array(0..<8), summary: "\"Channels\": 2, \"Slices\": 2, \"ChNames\": [\"a\", \"b\"]",
        places: (0..<8).map { [$0 % 2, $0 / 2 % 2, $0 / 4, 0] }), to: "m.tif")
    try attack(sets, "m.tif", seed: 53)

    let data = try TemporaryFolder()
    try AxesTests.ndTiff(
      data, (0..<6).map { "{\"time\":\($0 / 2),\"channel\":\"\($0 % 2)a\",\"z\":1}" })
    try attack(data, "NDTiff.index", opening: data.path, seed: 54)

    let ome = try TemporaryFolder()
    let image = { (name: String, first: Int, more: String) in
      "<Image Name=\"\(name)\"><Pixels DimensionOrder=\"XYCZT\" SizeX=\"1\" SizeY=\"1\" SizeZ=\"1\" "
        + "SizeC=\"2\" SizeT=\"2\"><Channel Name=\"a\" SamplesPerPixel=\"1\"/><Channel Name=\"b\"/>"
        + "<TiffData IFD=\"\(first)\" PlaneCount=\"4\"/>\(more)</Pixels></Image>"
    }
    var series = HandTIFF()
    let xml = "<OME>" + image("one", 0, "") + image("two", 4, "") + "</OME>"
    for page in 0..<8 {
      series.page([UInt16(page)], width: 1, height: 1, description: page == 0 ? xml : nil)
    }
    _ = try ome.write(series.bytes, to: "o.ome.tif")
    try attack(ome, "o.ome.tif", seed: 55)
    let companion =
      "<OME>"
      + xml.dropFirst(5).replacingOccurrences(
        of: "PlaneCount=\"4\"/>",
        with: "PlaneCount=\"4\"><UUID FileName=\"o.ome.tif\"/></TiffData>")
    _ = try ome.write(Array(companion.utf8), to: "o.companion.ome")
    try attack(ome, "o.companion.ome", seed: 56)
  }

  @Test func sets() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(TIFFSetTests.microManager([1, 2, 3]), to: "a_MMStack.ome.tif")
    _ = try folder.write(TIFFSetTests.microManager([4, 5], first: 3), to: "a_MMStack_1.ome.tif")
    try attack(folder, "a_MMStack.ome.tif", seed: 41)
    try attack(
      folder, "a_MMStack_1.ome.tif", opening: folder.file("a_MMStack.ome.tif"), seed: 42)

    let data = try TemporaryFolder()
    _ = try TIFFSetTests.ndTiff(data)
    try attack(data, "NDTiff.index", opening: data.path, seed: 43)
    try attack(data, "NDTiffStack.tif", seed: 44)

    let ome = try TemporaryFolder()
    var tiff = HandTIFF()
    let xml =
      "<?xml version=\"1.0\"?><OME><Image><Pixels DimensionOrder=\"XYZCT\" SizeX=\"1\" SizeY=\"1\" "
      + "SizeZ=\"1\" SizeC=\"1\" SizeT=\"3\" PhysicalSizeX=\"0.1\"><TiffData FirstT=\"1\" IFD=\"0\">"
      + "<UUID FileName=\"o.ome.tif\"/></TiffData><TiffData FirstT=\"0\" IFD=\"1\" PlaneCount=\"2\">"
      + "<UUID FileName=\"o.ome.tif\"/></TiffData></Pixels></Image></OME>"
    for page in 0..<3 {
      tiff.page([UInt16(page)], width: 1, height: 1, description: page == 0 ? xml : nil)
    }
    _ = try ome.write(tiff.bytes, to: "o.ome.tif")
    try attack(ome, "o.ome.tif", seed: 45)
    try attack(ome, "o.ome.tif", opening: ome.path, seed: 46)
  }

  @Test func bareFormats() throws {
    let folder = try TemporaryFolder()
    for (name, side, kind) in [
      ("m.dax", "m.inf", RawMovieWriter.Sidecar.inf), ("m.raw", "m.yaml", .yaml),
    ] {
      let folder = try TemporaryFolder()
      let writer = try RawMovieWriter(path: folder.file(name), width: 13, height: 17, sidecar: kind)
      try writer.append(testPixels(13 * 17 * 4))
      try writer.finish()
      try attack(folder, name, seed: 51)
      try attack(folder, side, opening: folder.file(name), seed: 52)
      try attack(folder, side, seed: 53)
    }
    _ = try folder.write(
      BareMovieTests.spe(width: 13, height: 17, frames: 4, kind: 3, pixels: testPixels(884).bytes),
      to: "m.spe")
    try attack(folder, "m.spe", seed: 54)
    for kind in [0, 1, 2, 5, 6, 8] {
      _ = try folder.write(
        BareMovieTests.spe(
          width: 5, height: 3, frames: 2, kind: kind, pixels: testPixels(120).bytes), to: "k.spe")
      #expect(survives(folder.file("k.spe")))
    }
  }

  @Test func microscopeFormats() throws {
    let folder = try TemporaryFolder()
    for (seed, file) in try MicroscopeFiles.all().enumerated() {
      _ = try folder.write(file.bytes, to: file.name)
      try attack(folder, file.name, seed: UInt64(60 + seed))
    }
  }

  @Test func randomBytes() throws {
    let folder = try TemporaryFolder()
    var noise = SampleGenerator(seed: 99)
    let heads: [[UInt8]] = [
      [], [0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0, 8, 0, 0, 0],
      [0x4D, 0x4D, 0, 43, 0, 8, 0, 0], [0xDA, 0xCE, 0xBE, 0x0A, 4, 0, 0, 0],
      Array("ZISRAWFILE".utf8), [0x70, 0, 0, 0, 9, 0, 0, 0, 0x2A, 2, 0, 0, 0],
    ]
    for round in 0..<(Self.flips * 2) {
      let count = [0, 1, 7, 8, 16, 100, 5000].randomElement(using: &noise)!
      let tail = (0..<count).map { _ in UInt8.random(in: 0...255, using: &noise) }
      for name in ["r.tif", "r.dax", "r.spe", "r"] {
        let path = try folder.write(heads[round % heads.count] + tail, to: name)
        #expect(survives(path), "round \(round)")
      }
    }
  }
}
