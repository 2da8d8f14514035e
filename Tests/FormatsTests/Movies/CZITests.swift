import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

@testable import Formats

/// Zeiss CZI: files of ZEN, files that Zeiss's library wrote, and files made here from the layout.
@Suite struct CZITests {
  private func sums(_ movie: any Movie) throws -> [Double] {
    try (0..<movie.info.frames).map { try movie.pixels($0..<$0 + 1).reduce(0, +) }
  }

  // MARK: Files of others; sums by pylibCZIrw 6.1 and czifile

  @Test(
    .data("formats/written/storm_uncompressed.czi"),
    arguments: ["storm_uncompressed.czi", "storm_zstd1.czi"])
  func zeissWrote(name: String) throws {
    let movie = try Movies.open(SharedData.path("formats/written/\(name)"))
    #expect((movie.info.width, movie.info.height, movie.info.frames) == (128, 96, 10))
    let sums = try sums(movie)
    #expect(sums.prefix(5) == [1_951_145, 1_941_346, 1_979_717, 1_975_708, 1_954_087])
    #expect(sums.suffix(2) == [1_952_836, 1_928_292])
    #expect(try movie.pixels(0..<1).prefix(3) == [144, 157, 149])
    #expect(movie.info.pixelSize == 160)
    #expect(movie.info.metadata["channels"] == "A647")
    #expect(movie.info.axes.isEmpty && movie.info.notes.isEmpty)
  }

  @Test(.data("formats/czi/s_1_t_1_c_1_z_1.czi")) func oneFrame() throws {
    let movie = try Movies.open(SharedData.path("formats/czi/s_1_t_1_c_1_z_1.czi"))
    #expect((movie.info.width, movie.info.height, movie.info.frames) == (475, 325, 1))
    #expect(try sums(movie) == [563_709_458])
    #expect(try movie.pixels(0..<1).prefix(3) == [3700, 3692, 3765])
    #expect(movie.info.pixelSize == nil)
    #expect(movie.info.metadata["exposure"] == "10 ms")
    #expect(movie.info.metadata["camera"] == "Camera 2 (Left)")
    #expect(movie.info.metadata["recorded"] == "2019-06-27T18:33:40.6193715Z")
  }

  @Test(.data("formats/czi/RGB-multichannel.czi")) func colours() throws {
    let path = SharedData.path("formats/czi/RGB-multichannel.czi")
    let all = try Movies.openAll(path)
    #expect(all.info.axes.map(\.count) == [1, 1, 1, 21])
    #expect(
      all.info.axes.last?.names.prefix(4)
        == ["Bright blue", "Bright green", "Bright red", "Pol_0 blue"])
    #expect(all.info.notes.contains { $0.contains("colour") })
    #expect(
      try sums(all) == [
        1_407_155, 1_404_252, 1_409_920, 265_564, 281_298, 209_496, 1_307_081, 1_389_141,
        1_040_425, 2_776_854, 2_773_074, 2_744_040, 217_081, 245_420, 188_177, 155_051, 170_569,
        123_237, 61_765, 63_473, 44_764,
      ])
    let red = try Movies.open(path, options: MovieOptions(planes: [.channel: .named("pol_0 red")]))
    #expect(try sums(red) == [209_496])
  }

  @Test(.data("formats/czi/tiles_z.czi")) func mosaicsAreRefused() throws {
    let error = try movieError(SharedData.path("formats/czi/tiles_z.czi"))
    #expect(error?.kind == .unsupported)
    #expect(error?.what.contains("mosaic") == true)
  }

  // MARK: Files from the layout

  private static let (width, height) = (6, 4)

  private func plane(_ seed: Int) -> [UInt16] {
    testPixels(Self.width * Self.height, seed: UInt64(seed + 1))
  }

  private func file(_ planes: [[Character: Int]]) -> CZIFile {
    var file = CZIFile()
    file.planes = planes.enumerated().map { place, dimensions in
      CZIFile.Plane(
        dimensions: dimensions, size: (Self.width, Self.height),
        data: plane(place).flatMap { le($0) })
    }
    return file
  }

  private func open(
    _ file: CZIFile, _ planes: [PlaneAxis: PlaneChoice] = [:], accepts: Bool = false
  ) throws -> any Movie {
    let folder = try TemporaryFolder()
    return try Held(
      movie: Movies.open(
        try folder.write(file.bytes, to: "m.czi"),
        options: MovieOptions(acceptsTruncated: accepts, planes: planes)), folder: folder)
  }

  /// A movie and the folder of its file.
  private struct Held: Movie, @unchecked Sendable {
    // The folder is only kept, not used.
    let movie: any Movie
    let folder: TemporaryFolder
    var info: MovieInfo { movie.info }
    func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
      try movie.read(frames, into: buffer)
    }
  }

  private func values(_ seeds: [Int]) -> [Double] {
    seeds.flatMap { plane($0).map(Double.init) }
  }

  @Test func planesAreSortedByTime() throws {
    let movie = try open(file([["T": 3], ["T": 1], ["T": 2], ["T": 4]]))
    #expect(movie.info.axes.isEmpty)
    #expect(try movie.allPixels() == values([1, 2, 0, 3]))
  }

  @Test func dimensionsAreAxes() throws {
    var planes: [[Character: Int]] = []
    for t in 0..<3 {
      for s in [4, 7] {
        for z in 0..<2 {
          for c in 0..<2 { planes.append(["T": t, "S": s, "Z": z, "C": c, "B": 5, "M": 0]) }
        }
      }
    }
    var made = file(planes)
    made.xml = CZIFile.document(
      "<Information><Image><Dimensions><Channels><Channel Name=\"A\"><ExposureTime>30000000"
        + "</ExposureTime><DetectorSettings><EMGain>250</EMGain></DetectorSettings></Channel>"
        + "<Channel Name=\"B\"/></Channels></Dimensions></Image></Information><Scaling><Items>"
        + "<Distance Id=\"X\"><Value>1.0E-7</Value></Distance></Items></Scaling>"
        + "<DisplaySetting><Channels><Channel Name=\"no\"/></Channels></DisplaySetting>")
    made.times = [1, 1.5, 2]
    let movie = try open(made, [.position: .number(2), .slice: .number(1), .channel: .named("B")])
    #expect(try movie.allPixels() == values([5, 13, 21]))
    #expect(movie.info.pixelSize == 100)
    #expect(movie.info.metadata["exposure"] == "30 ms")
    #expect(movie.info.metadata["EM gain"] == "250")
    #expect(movie.info.metadata["frame interval"] == "500 ms")
    #expect(movie.info.metadata["channels"] == "A, B")
    #expect(
      movie.info.axes
        == [
          AxisExtent(.time, 3), AxisExtent(.position, 2), AxisExtent(.slice, 2),
          AxisExtent(.channel, 2, names: ["A", "B"]),
        ])
    #expect(throws: MovieError.self) { try open(made) }
  }

  @Test func pixelTypesAndCompressions() throws {
    var made = CZIFile()
    let words: [UInt16] = [1, 0x0203, 0xFFFF, 256]
    let low = words.map { UInt8($0 & 255) } + words.map { UInt8($0 >> 8) }
    let plain = words.flatMap { le($0) }
    func pixels(_ type: Int32, _ compression: Int32, _ data: [UInt8]) throws -> [Double] {
      made.planes = [
        CZIFile.Plane(
          dimensions: ["T": 0], size: (2, 2), pixelType: type, compression: compression, data: data)
      ]
      return try open(made, type == 3 ? [.channel: .number(1)] : [:]).allPixels()
    }
    let expected = words.map(Double.init)
    #expect(try pixels(1, 0, plain) == expected)
    #expect(try pixels(1, 5, CZIFile.zstd(plain)) == expected)
    #expect(try pixels(1, 6, [1] + CZIFile.zstd(plain)) == expected)
    #expect(try pixels(1, 6, [3, 1, 0] + CZIFile.zstd(plain)) == expected)
    #expect(try pixels(1, 6, [3, 1, 1] + CZIFile.zstd(low)) == expected)
    #expect(try pixels(0, 0, [1, 2, 3, 255]) == [1, 2, 3, 255])
    #expect(try pixels(0, 5, CZIFile.zstd([1, 2, 3, 255])) == [1, 2, 3, 255])
    #expect(
      try pixels(2, 0, [Float(1.5), -2, 0, 1e6].flatMap { le($0.bitPattern) }) == [1.5, -2, 0, 1e6])
    #expect(
      try pixels(12, 0, [UInt32(1), 2, 1 << 20, 3].flatMap { le($0) }) == [1, 2, 1_048_576, 3])
    #expect(
      try pixels(3, 5, CZIFile.zstd([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])) == [1, 4, 7, 10])
    for damaged in [CZIFile.zstd(plain).dropLast(), CZIFile.zstd(Array(plain.dropLast()))[...]] {
      #expect(throws: MovieError.self) { try pixels(1, 5, Array(damaged)) }
    }
    #expect(throws: MovieError.self) { try pixels(1, 6, [2, 1, 1] + CZIFile.zstd(low)) }
    #expect(throws: MovieError.self) { try pixels(1, 0, Array(plain.dropLast())) }
    #expect(throws: MovieError.self) { try pixels(7, 0, plain) }
  }

  @Test func reducedCopiesAreSkipped() throws {
    var made = file([["T": 0], ["T": 1]])
    made.planes.append(
      CZIFile.Plane(dimensions: ["T": 0], size: (3, 2), data: [UInt8](repeating: 0, count: 12)))
    made.planes[2].pyramid = 2
    made.planes.append(
      CZIFile.Plane(dimensions: ["T": 1], size: (6, 4), data: [UInt8](repeating: 0, count: 12)))
    made.planes[3].stored = (3, 2)
    #expect(try open(made).allPixels() == values([0, 1]))
    made.planes.removeFirst(2)
    let error = #expect(throws: MovieError.self) { try open(made) }
    #expect(error?.kind == .noFrames)
  }

  @Test func scenesMayDifferInSize() throws {
    var made = file([["T": 0, "S": 0], ["T": 1, "S": 0]])
    for t in 0..<3 {
      made.planes.append(
        CZIFile.Plane(
          dimensions: ["T": t, "S": 1], size: (2, 1), data: le(UInt16(t)) + le(UInt16(7))))
    }
    #expect(try open(made, [.position: .number(1)]).allPixels() == values([0, 1]))
    #expect(try open(made, [.position: .number(2)]).allPixels() == [0, 7, 1, 7, 2, 7])
    let error = #expect(throws: MovieError.self) { try open(made) }
    #expect(error?.kind == .choice)
    #expect(error?.what.contains("2 positions") == true)
    for choice in [PlaneChoice.number(3), .all, .named("x")] {
      #expect(throws: MovieError.self) { try open(made, [.position: choice]) }
    }
    for place in made.planes.indices { made.planes[place].dimensions["S"] = nil }
    made.planes[4].dimensions["T"] = 9
    let mixed = #expect(throws: MovieError.self) { try open(made) }
    #expect(mixed?.kind == .inconsistent)
  }

  @Test func missingPlanesEndTheMovie() throws {
    var planes: [[Character: Int]] = []
    for t in 0..<4 { for c in 0..<2 { planes.append(["T": t, "C": c]) } }
    var made = file(planes)
    made.planes.remove(at: 5)
    made.planes.remove(at: 6)
    let error = #expect(throws: MovieError.self) { try open(made, [.channel: .number(1)]) }
    #expect(error?.kind == .truncated)
    #expect(error?.what.contains("time point 2 of 4") == true)
    #expect(try open(made, [.channel: .number(1)], accepts: true).allPixels() == values([0, 2, 4]))
    let movie = try open(made, [.channel: .number(2)], accepts: true)
    #expect(try movie.allPixels() == values([1, 3]))
    made.planes.removeFirst()
    #expect(throws: MovieError.self) { try open(made, [.channel: .number(2)], accepts: true) }
    made = file([["T": 0], ["T": 1], ["T": 1]])
    let twice = #expect(throws: MovieError.self) { try open(made) }
    #expect(twice?.kind == .inconsistent)
  }

  @Test func interruptedFiles() throws {
    var made = file([["T": 0], ["T": 1], ["T": 2]])
    made.isPending = true
    #expect(throws: MovieError.self) { try open(made) }
    #expect(try open(made, accepts: true).allPixels() == values([0, 1, 2]))
    made.hasDirectory = false
    let error = #expect(throws: MovieError.self) { try open(made) }
    #expect(error?.kind == .truncated)
    #expect(try open(made, accepts: true).allPixels() == values([0, 1, 2]))
    let folder = try TemporaryFolder()
    let path = try folder.write(made.bytes.dropLast(30), to: "c.czi")
    let cut = try Movies.open(path, options: MovieOptions(acceptsTruncated: true))
    #expect(try cut.allPixels() == values([0, 1]))
  }

  @Test func othersAreRefusedByName() throws {
    func what(_ change: (inout CZIFile) -> Void) throws -> String? {
      var made = file([["T": 0], ["T": 1]])
      change(&made)
      let error = #expect(throws: MovieError.self) { try open(made) }
      return error?.what
    }
    #expect(try what { $0.planes[0].compression = 4 }?.contains("JPEG-XR") == true)
    #expect(try what { $0.planes[0].compression = 1 }?.contains("JPEG") == true)
    #expect(try what { $0.planes[0].compression = 99 }?.contains("99") == true)
    #expect(
      try what {
        $0.planes[1].dimensions["H"] = 1
        $0.planes[0].dimensions["H"] = 0
      }?
      .contains("H (phases)") == true)
    #expect(try what { $0.part = 2 }?.contains("part 2") == true)
    #expect(try what { $0.planes[1].part = 1 }?.contains("several files") == true)
    #expect(try what { $0.planes[0].planes = 4 }?.contains("4 planes") == true)
    #expect(try what { $0.planes[0].size = (1 << 20, 1 << 20) } != nil)
    #expect(try what { $0.planes = [] }?.contains("no planes") == true)
  }

  @Test func theFirstFrameOfALargeFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("large.czi")
    let (frames, side) = (20_000, 512)
    var made = CZIFile()
    made.planes = (0..<frames).map {
      CZIFile.Plane(dimensions: ["T": $0, "C": 0], size: (side, side), data: [])
    }
    let stride = 32 + 256 + 2 * side * side
    let first = 544
    guard truncate(path, made.header(directory: first + frames * stride), first + frames * stride)
    else { return }
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    for frame in [0, frames - 1] {
      var plane = made.planes[frame]
      plane.data = le(UInt16(frame))
      try handle.seek(toOffset: UInt64(first + frame * stride))
      try handle.write(
        contentsOf: plane.block(at: first + frame * stride, dataBytes: 2 * side * side))
    }
    try handle.seek(toOffset: UInt64(first + frames * stride))
    try handle.write(
      contentsOf: made.directory((0..<frames).map { first + $0 * stride }))
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
}
