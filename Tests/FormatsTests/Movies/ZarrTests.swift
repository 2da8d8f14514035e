import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// OME-Zarr and plain Zarr of versions 2 and 3, written by other programs and by `ZarrFixture`.
@Suite struct ZarrTests {
  private func open(_ fixture: ZarrFixture, _ folder: TemporaryFolder, _ name: String = "a.zarr")
    throws -> any Movie
  {
    try? FileManager.default.removeItem(atPath: folder.file(name))
    try fixture.write(to: folder.file(name))
    return try Movies.open(folder.file(name))
  }

  private func error(_ fixture: ZarrFixture) throws -> MovieError? {
    let folder = try TemporaryFolder()
    try fixture.write(to: folder.file("a.zarr"))
    return try movieError(folder.file("a.zarr"))
  }

  /// The real frames of storm-analysis' test movie; sums by zarr-python.
  static let sums: [Double] = [1_951_145, 1_941_346, 1_979_717, 1_975_708, 1_954_087]

  @Test(
    .anyData(of: ["formats/written/storm_acquire_v3_lz4.zarr"]),
    arguments: [
      ("storm_acquire_v3_lz4.zarr", "Zarr v3"), ("storm_acquire_v3_none.zarr", "Zarr v3"),
      ("storm_omezarrpy_v04.ome.zarr", "OME-Zarr v2"),
    ])
  func writtenByOthers(name: String, format: String) throws {
    let movie = try Movies.open(SharedData.path("formats/written/\(name)"))
    #expect(movie.info.frames == 10 && movie.info.width == 128 && movie.info.height == 96)
    #expect(movie.info.format == format && movie.info.axes == [] && movie.info.notes == [])
    let pixels = try movie.allPixels()
    #expect(pixels.prefix(3) == [144, 157, 149])
    let sums = (0..<10).map { pixels[($0 * 12288)..<($0 * 12288 + 12288)].reduce(0, +) }
    #expect(sums.prefix(5) == Self.sums[...] && sums.suffix(2) == [1_952_836, 1_928_292])
    // Single frames in any order are the same.
    for frame in [9, 0, 7, 4, 5] {
      #expect(try movie.pixels(frame..<frame + 1).reduce(0, +) == sums[frame])
    }
  }

  @Test(.data("formats/zarr/ngio_v04")) func chunksThatWereNeverWritten() throws {
    let folder = "formats/zarr/ngio_v04"
    let movie = try Movies.open(SharedData.path("\(folder)/test_image_tyx.zarr"))
    #expect(movie.info.frames == 4 && movie.info.width == 64 && movie.info.pixelSize == 500)
    #expect(movie.info.notes == ["no pixel was ever written; all are 0"])
    #expect(movie.info.metadata["Time between frames"] == "4.0 seconds")
    #expect(try movie.allPixels().allSatisfy { $0 == 0 })
    let all = SharedData.path("\(folder)/test_image_tczyx.zarr")
    let error = try #require(try movieError(all))
    #expect(error.kind == .choice && error.what.contains("4 frames × 2 channels"))
    let chosen = try Movies.open(
      all, options: MovieOptions(planes: [.channel: .named("channel2"), .slice: .number(3)]))
    #expect(chosen.info.frames == 4)
  }

  @Test(.data("formats/zarr/zarr_implementations_zarr.zr")) func aColourPictureIsNoMovie() throws {
    let error = try movieError(SharedData.path("formats/zarr/zarr_implementations_zarr.zr/blosc"))
    #expect(error?.kind == .unsupported && error?.what.contains("colour picture") == true)
  }

  @Test func everyCompressionOfBothVersions() throws {
    let folder = try TemporaryFolder()
    for (version, lists) in [
      (2, [[], ["blosc"], ["zstd"], ["gzip"], ["zlib"], ["lz4"]]),
      (
        3,
        [[], ["blosc"], ["zstd"], ["gzip"], ["crc32c"], ["zstd", "crc32c"], ["crc32c", "gzip"]]
      ),
    ] {
      for codecs in lists {
        for chunk in [
          [1, 10, 13], [1, 4, 5], [3, 10, 13], [3, 4, 13], [3, 4, 5], [20, 20, 20],
        ] {
          let fixture = ZarrFixture(
            version: version, chunk: chunk, codecs: codecs, separator: version == 2 ? "." : "/")
          let movie = try open(fixture, folder)
          #expect(try movie.allPixels() == fixture.values, "\(version) \(codecs) \(chunk)")
          #expect(try movie.pixels(3..<5) == Array(fixture.values[390..<650]))
        }
      }
    }
  }

  @Test func everyType() throws {
    let folder = try TemporaryFolder()
    for type in ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] {
      for version in [2, 3] {
        for (codecs, big) in [([String](), false), (["blosc"], true), ([], true)] {
          for chunk in [[1, 10, 13], [2, 7, 4]] {
            let fixture = ZarrFixture(
              version: version, chunk: chunk, type: type, bigEndian: big, codecs: codecs,
              fill: version == 2 ? "3" : "3.0", missing: ["c/6/0/0", "6/0/0"])
            let movie = try open(fixture, folder)
            var expected = fixture.values
            if chunk[0] == 1 { for i in 6 * 130..<7 * 130 { expected[i] = 3 } }
            #expect(
              movie.info.pixel == (type.hasPrefix("uint") && type != "uint32" ? .uint16 : .float32))
            #expect(try movie.allPixels() == expected, "\(version) \(type) \(codecs) \(big)")
          }
        }
      }
    }
  }

  @Test func shards() throws {
    let folder = try TemporaryFolder()
    for codecs in [[], ["blosc"], ["zstd", "crc32c"]] {
      for (chunk, shard) in [
        ([1, 10, 13], [3, 1, 1]), ([1, 4, 5], [2, 3, 3]), ([2, 5, 7], [2, 1, 2]),
      ] {
        for last in [true, false] {
          let fixture = ZarrFixture(chunk: chunk, shard: shard, indexIsLast: last, codecs: codecs)
          let movie = try open(fixture, folder)
          #expect(try movie.allPixels() == fixture.values, "\(codecs) \(chunk) \(shard) \(last)")
          #expect(movie.info.storage.hasSuffix(", shards"))
        }
      }
    }
    // A damaged index, and a shard that ends early.
    try ZarrFixture(shard: [3, 1, 1]).write(to: folder.file("b.zarr"))
    let path = folder.file("b.zarr/c/0/0/0")
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    bytes[bytes.count - 10] ^= 1
    _ = try folder.write(bytes, to: "b.zarr/c/0/0/0")
    let movie = try Movies.open(folder.file("b.zarr"))
    #expect(throws: MovieError.self) { try movie.pixels(0..<1) }
    #expect(try movie.pixels(3..<7) == Array(ZarrFixture().values[390...]))
    _ = try folder.write(bytes.prefix(40), to: "b.zarr/c/0/0/0")
    #expect(throws: MovieError.self) { try Movies.open(folder.file("b.zarr")).pixels(0..<1) }
  }

  /// A gigabyte is not reserved for a few bytes that claim to hold it.
  @Test func aChunkThatGrowsBeyondMeasureIsRefused() throws {
    let folder = try TemporaryFolder()
    try ZarrFixture(codecs: ["zstd"]).write(to: folder.file("g.zarr"))
    let path = folder.file("g.zarr/zarr.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let grown = text.replacingOccurrences(of: "[1, 10, 13]", with: "[2000000, 10, 13]")
    try #require(grown != text)
    _ = try folder.write(grown, to: "g.zarr/zarr.json")
    let movie = try Movies.open(folder.file("g.zarr"))
    let error = #expect(throws: MovieError.self) { try movie.pixels(0..<1) }
    #expect(error?.kind == .unsupported)
  }

  @Test func axesAndPixelSizeOfOME() throws {
    for version in [2, 3] {
      let folder = try TemporaryFolder()
      let array = ZarrFixture(
        version: version, shape: [3, 2, 4, 5, 6], chunk: [2, 1, 4, 5, 6], codecs: ["zstd"],
        names: "[null, null, null, null, null]")
      try array.write(to: folder.file("o.zarr/s0"))
      let omero = "\"omero\": {\"channels\": [{\"label\": \"GFP\"}, {\"label\": \"A647\"}]}"
      let text =
        ZarrFixture.multiscales("tczyx", path: "s0", scale: "[0.05, 1, 0.2, 0.1, 0.1]") + ", "
        + omero
      _ =
        version == 2
        ? try folder.write("{\(text)}", to: "o.zarr/.zattrs")
        : try folder.write(
          "{\"zarr_format\": 3, \"node_type\": \"group\", \"attributes\": {\"ome\": {\(text)}}}",
          to: "o.zarr/zarr.json")
      let path = folder.file("o.zarr")
      let all = try Movies.openAll(path)
      #expect(
        all.info.axes == [
          AxisExtent(.time, 3), AxisExtent(.channel, 2, names: ["GFP", "A647"]),
          AxisExtent(.slice, 4),
        ])
      #expect(
        all.info.pixelSize == 100 && all.info.metadata["Time between frames"] == "0.05 second")
      #expect(try all.allPixels() == array.values)
      let chosen = try Movies.open(
        path, options: MovieOptions(planes: [.channel: .named("A647"), .slice: .number(2)]))
      #expect(
        try chosen.pixels(2..<3)
          == Array(array.values[((2 * 2 + 1) * 4 + 1) * 30..<((2 * 2 + 1) * 4 + 2) * 30]))
      #expect(try movieError(path)?.kind == .choice)
      // The description itself can be opened as well.
      #expect(
        try Movies.openAll(path + (version == 2 ? "/.zattrs" : "/zarr.json")).info.frames == 24)
    }
  }

  @Test func whatIsNotReadIsNamed() throws {
    let cases: [(ZarrFixture, MovieError.Kind, String)] = [
      (ZarrFixture(version: 2, extra: ", \"order\": \"F\""), .unsupported, "order F"),
      (
        ZarrFixture(version: 2, extra: ", \"filters\": [{\"id\": \"delta\"}]"), .unsupported,
        "delta"
      ),
      (ZarrFixture(version: 2, extra: ", \"compressor\": {\"id\": \"bz2\"}"), .unsupported, "bz2"),
      (ZarrFixture(version: 2, extra: ", \"dtype\": \"<u8\""), .unsupported, "<u8"),
      (ZarrFixture(extra: ", \"data_type\": \"float16\""), .unsupported, "float16"),
      (ZarrFixture(extra: ", \"codecs\": [{\"name\": \"transpose\"}]"), .unsupported, "transpose"),
      (ZarrFixture(extra: ", \"storage_transformers\": [1]"), .unsupported, "storage"),
      (
        ZarrFixture(extra: ", \"chunk_grid\": {\"name\": \"rectilinear\"}"), .unsupported,
        "rectilinear"
      ),
      (ZarrFixture(names: "[\"t\", \"x\", \"y\"]"), .unsupported, "last two must be y and x"),
      (ZarrFixture(extra: ", \"shape\": [7, 0, 13]"), .inconsistent, "0"),
      (ZarrFixture(extra: ", \"shape\": [7, 1e300, 13]"), .inconsistent, "shape"),
      (ZarrFixture(extra: ", \"shape\": [0, 10, 13]"), .noFrames, "0 frames"),
      (
        ZarrFixture(extra: ", \"shape\": [281474976710655, 99999, 99999]"), .inconsistent,
        "not possible"
      ),
      (
        ZarrFixture(
          extra: ", \"chunk_grid\": {\"name\": \"regular\", \"configuration\": {\"chunk_shape\": "
            + "[1000000, 10000, 10000]}}"), .unsupported, "larger than"
      ),
      (
        ZarrFixture(shape: [2, 800, 800], chunk: [1, 1, 1], missing: [], extra: ""), .unsupported,
        "each frame lies in 640000 chunks"
      ),
      (ZarrFixture(fill: "\"blue\""), .inconsistent, "fill value"),
      (ZarrFixture(fill: "-1"), .inconsistent, "fill value"),
    ]
    for (fixture, kind, words) in cases {
      // Of a key that occurs twice, the last value counts: the fixture's chunks are written all the
      // same, but for the many small ones.
      var fixture = fixture
      if fixture.shape[1] == 800 {
        fixture = ZarrFixture(
          extra: ", \"shape\": [2, 800, 800], \"chunk_grid\": {\"name\": \"regular\", "
            + "\"configuration\": {\"chunk_shape\": [1, 1, 1]}}")
      }
      let error = try error(fixture)
      #expect(
        error?.kind == kind && error?.what.contains(words) == true, "\(words): \(error as Any)")
    }
  }

  @Test func foldersThatAreNotOneImage() throws {
    let folder = try TemporaryFolder()
    func group(_ attributes: String, _ name: String) throws -> MovieError? {
      try FileManager.default.createDirectory(
        atPath: folder.file(name), withIntermediateDirectories: true)
      _ = try folder.write("{\"zarr_format\": 2}", to: name + "/.zgroup")
      _ = try folder.write("{\(attributes)}", to: name + "/.zattrs")
      return try movieError(folder.file(name))
    }
    let plate = try group("\"plate\": {\"wells\": [{\"path\": \"B/3\"}]}", "p.zarr")
    #expect(plate?.what.contains("a plate of 1 wells") == true)
    #expect(plate?.hint?.text().contains("p.zarr/B/3/0") == true)
    let well = try group("\"well\": {\"images\": [{\"path\": \"0\"}, {\"path\": \"1\"}]}", "w.zarr")
    #expect(well?.what.contains("a well of 2 images") == true)
    let missing = try group(
      ZarrFixture.multiscales("tyx", path: "scale0/image", scale: "[1, 1, 1]"), "m.zarr")
    #expect(missing?.kind == .missing && missing?.what.contains("scale0/image") == true)
    let outside = try group(
      ZarrFixture.multiscales("tyx", path: "../m.zarr", scale: "[1, 1, 1]"), "u.zarr")
    #expect(outside?.kind == .inconsistent)
    let empty = try group("", "e.zarr")
    #expect(empty?.kind == .missing)
    _ = try folder.write("no JSON", to: "e.zarr/.zattrs")
    #expect(try movieError(folder.file("e.zarr"))?.kind == .inconsistent)
    // A group of one array is that array; of two, neither.
    _ = try group("", "g.zarr")
    try ZarrFixture().write(to: folder.file("g.zarr/only"))
    #expect(try Movies.open(folder.file("g.zarr")).info.frames == 7)
    try ZarrFixture().write(to: folder.file("g.zarr/other"))
    #expect(try movieError(folder.file("g.zarr"))?.what.contains("only, other") == true)
  }

  @Test func anAcquisitionThatEndedEarly() throws {
    let folder = try TemporaryFolder()
    let fixture = ZarrFixture(missing: ["c/4/0/0", "c/5/0/0", "c/6/0/0"])
    let movie = try open(fixture, folder)
    #expect(movie.info.notes == ["frames from 4 on were never written; their pixels are 0"])
    #expect(movie.info.frames == 7)
    // A chunk that is cut off is damaged, not empty.
    let path = folder.file("a.zarr/c/2/0/0")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    _ = try folder.write(bytes.dropLast(1), to: "a.zarr/c/2/0/0")
    do {
      _ = try movie.allPixels()
      Issue.record("a chunk that is cut off was read")
    } catch let error as MovieError {
      #expect(error.kind == .readFailed && error.frame == 2)
    }
  }

  /// Chunks of several frames are unpacked once, also by several threads.
  @Test func severalThreadsReadTheSame() async throws {
    let folder = try TemporaryFolder()
    let fixture = ZarrFixture(
      shape: [64, 33, 31], chunk: [16, 20, 20], shard: [2, 2, 2], codecs: ["zstd"])
    let movie = try open(fixture, folder)
    let values = fixture.values
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for thread in 0..<4 {
        group.addTask {
          try (0..<64).allSatisfy { step in
            let frame = (step * 7 + thread * 16) % 64
            return try movie.pixels(frame..<frame + 1)
              == Array(values[frame * 1023..<frame * 1023 + 1023])
          }
        }
      }
      for try await isSame in group { #expect(isSame) }
    }
  }

  /// zarr-python writes; every pixel must be the same.
  @Test(.python("zarr", "numpy")) func writtenByZarrPython() throws {
    let folder = try TemporaryFolder()
    let script = """
      import sys, zarr, numpy as np
      from zarr.codecs import BloscCodec, ZstdCodec, GzipCodec, Crc32cCodec, BytesCodec
      n = 0
      for dtype in ["uint8", "uint16", ">u2", "int16", "float32", "uint32"]:
          a = (np.arange(9 * 21 * 30) * 37 % 113).reshape(9, 21, 30).astype(dtype)
          for version, kinds in ((2, [None, "zstd"]), (3, [None, [BloscCodec(cname="zstd", shuffle="bitshuffle")],
              [BloscCodec(cname="lz4")], [BloscCodec(cname="zlib")], [GzipCodec()], [ZstdCodec(checksum=True)],
              [ZstdCodec(), Crc32cCodec()]])):
              for kind in kinds:
                  for chunks, shards in (((1, 21, 30), None), ((4, 10, 16), None), ((2, 7, 10), (4, 21, 30))):
                      if version == 2 and shards: continue
                      if version == 3 and dtype[0] == ">": continue
                      args = dict(store=f"{sys.argv[1]}/z{n}.zarr", shape=a.shape, dtype=a.dtype, chunks=chunks,
                          zarr_format=version)
                      if version == 3: args.update(shards=shards, compressors=kind)
                      elif kind is None: args.update(compressors=None)
                      z = zarr.create_array(**args)
                      z[:] = a
                      n += 1
      print(n)
      """
    let count = Int(
      try Python.run(script, [folder.path]).trimmingCharacters(in: .whitespacesAndNewlines))
    for number in 0..<(try #require(count)) {
      let movie = try Movies.open(folder.file("z\(number).zarr"))
      #expect(try movie.allPixels() == (0..<9 * 21 * 30).map(ZarrFixture.value), "z\(number)")
    }
  }
}
