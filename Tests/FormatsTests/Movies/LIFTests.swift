import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

@testable import Formats

/// Leica LIF: a file of LAS AF, and files made here from the layout.
@Suite struct LIFTests {
  private static let sample = "formats/lif/testdata_2channel_xz.lif"

  private func sums(_ movie: any Movie) throws -> [Double] {
    try (0..<movie.info.frames).map { try movie.pixels($0..<$0 + 1).reduce(0, +) }
  }

  /// Three x–z scans of different size; sums by readlif 0.6.6.
  @Test(.data("formats/lif/testdata_2channel_xz.lif")) func imagesOfDifferentSize() throws {
    let path = SharedData.path(Self.sample)
    let error = try movieError(path)
    #expect(error?.kind == .choice)
    #expect(error?.what.contains("3 series (1 xzt: ") == true)
    for (series, channel, expected) in [
      (PlaneChoice.number(1), "Green", [81719, 75946, 77461]),
      (.named("xzt"), "Red", [224519, 201199, 168352]),
    ] as [(PlaneChoice, String, [Double])] {
      let movie = try Movies.open(
        path, options: MovieOptions(planes: [.series: series, .channel: .named(channel)]))
      #expect((movie.info.width, movie.info.height, movie.info.frames) == (128, 128, 20))
      let sums = try sums(movie)
      #expect([sums[0], sums[1], sums[19]] == expected)
    }
    let first = try Movies.open(
      path, options: MovieOptions(planes: [.series: .number(1), .channel: .number(1)]))
    #expect(try first.pixels(0..<1).prefix(4096).reduce(0, +) == 42730)
    #expect(first.info.pixelSize == 140.28)
    #expect(first.info.metadata["frame interval"] == "530 ms")
    #expect(first.info.metadata["recorded"] == "2021-03-04T16:39:18Z")
    #expect(first.info.notes.contains { $0.contains("x–z scan") })
    let third = try Movies.open(
      path, options: MovieOptions(planes: [.series: .number(3), .channel: .number(2)]))
    #expect((third.info.width, third.info.height, third.info.frames) == (512, 512, 1))
    #expect(try sums(third) == [3_856_994])
    let second = try movieError(path, options: MovieOptions(planes: [.series: .number(2)]))
    #expect(second?.what.contains("along y") == true)
  }

  // MARK: Files from the layout

  private func pixels(_ count: Int, _ seed: Int) -> [UInt8] {
    testPixels(count, seed: UInt64(seed)).map { UInt8($0 & 255) }
  }

  private func open(
    _ file: LIFFile, _ planes: [PlaneAxis: PlaneChoice] = [:], accepts: Bool = false
  ) throws -> (movie: any Movie, folder: TemporaryFolder) {
    let folder = try TemporaryFolder()
    let path = try folder.write(file.bytes, to: "m.lif")
    return (
      try Movies.open(
        path, options: MovieOptions(acceptsTruncated: accepts, planes: planes)), folder
    )
  }

  @Test(arguments: [1, 2]) func aPlainMovie(version: Int) throws {
    let data = pixels(2 * 5 * 3 * 4, 1)
    var file = LIFFile(version: version)
    file.images = [
      LIFFile.Image(
        name: "Series001", dimensions: [(1, 5, 2), (2, 3, 10), (4, 4, 30)], bits: 12, data: data)
    ]
    let (movie, folder) = try open(file)
    #expect(movie.info.axes.isEmpty)
    #expect((movie.info.width, movie.info.height, movie.info.frames) == (5, 3, 4))
    #expect(movie.info.metadata["frame interval"] == "2 ms")
    #expect(movie.info.metadata["recorded"] == "2021-03-04T16:39:18Z")
    #expect(movie.info.metadata["exposure"] == "30 ms")
    #expect(
      try movie.allPixels()
        == stride(from: 0, to: data.count, by: 2).map {
          Double(UInt16(data[$0]) | UInt16(data[$0 + 1]) << 8)
        })
    withExtendedLifetime(folder) {}
  }

  @Test func theBlockIsFoundByItsName() throws {
    var file = LIFFile(version: 2)
    file.images = [
      LIFFile.Image(name: "A", dimensions: [(1, 2, 1), (2, 1, 2), (2, 2, 2)], data: [1, 2, 3, 4]),
      LIFFile.Image(name: "A", dimensions: [(1, 2, 1), (2, 2, 2)], data: [5, 6, 7, 8]),
    ]
    file.reversesBlocks = true
    let (movie, folder) = try open(file, [.series: .number(2)])
    #expect(try movie.allPixels() == [5, 6, 7, 8])
    let all = try Movies.openAll(movie.info.files[0])
    #expect(all.info.axes.first == AxisExtent(.series, 2, names: ["A", "A"]))
    #expect(try all.allPixels() == [1, 2, 3, 4, 5, 6, 7, 8])
    withExtendedLifetime(folder) {}
  }

  @Test func dimensionsAreAxes() throws {
    // x, channel, y, z, time, tile from the fastest to the slowest.
    let data = pixels(3 * 2 * 2 * 2 * 2 * 2, 3)
    var file = LIFFile(version: 2)
    file.images = [
      LIFFile.Image(
        name: "A", dimensions: [(1, 3, 1), (2, 2, 6), (3, 2, 12), (4, 2, 24), (10, 2, 48)],
        channels: [("Green", 0), ("Red", 3)], data: data)
    ]
    let (movie, folder) = try open(
      file, [.position: .number(2), .slice: .number(1), .channel: .named("red")])
    #expect(
      movie.info.axes.map(\.axis) == [.position, .time, .slice, .channel])
    let expected = [48, 72].flatMap { start in
      [0, 6].flatMap { row in (0..<3).map { Double(data[start + row + 3 + $0]) } }
    }
    #expect(try movie.allPixels() == expected)
    withExtendedLifetime(folder) {}
  }

  @Test func interleavedColours() throws {
    var file = LIFFile(version: 2)
    file.images = [
      LIFFile.Image(
        name: "A", dimensions: [(1, 2, 3), (2, 2, 8)],
        channels: [("Blue", 0), ("Green", 1), ("Red", 2)],
        data: [1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12])
    ]
    let (movie, folder) = try open(file, [.channel: .number(2)])
    #expect(try movie.allPixels() == [2, 5, 8, 11])
    withExtendedLifetime(folder) {}
  }

  @Test func floats() throws {
    for (bits, data) in [
      (32, [Float(1.5), -2].flatMap { le($0.bitPattern) }),
      (64, [1.5, -2].flatMap { le($0.bitPattern) }),
    ] {
      var file = LIFFile(version: 2)
      file.images = [
        LIFFile.Image(
          name: "A", dimensions: [(1, 1, bits / 8), (2, 2, bits / 8)], bits: bits, isFloat: true,
          data: data)
      ]
      let (movie, folder) = try open(file)
      #expect(try movie.allPixels() == [1.5, -2])
      withExtendedLifetime(folder) {}
    }
  }

  @Test func truncatedFiles() throws {
    var file = LIFFile(version: 2)
    file.images = [
      LIFFile.Image(
        name: "A", dimensions: [(1, 3, 1), (2, 2, 3), (4, 5, 6)], data: pixels(30, 4))
    ]
    let folder = try TemporaryFolder()
    // An empty block of 34 bytes is the last one.
    let path = try folder.write(file.bytes.dropLast(34 + 7), to: "t.lif")
    #expect(try movieError(path)?.kind == .truncated)
    let movie = try Movies.open(path, options: MovieOptions(acceptsTruncated: true))
    #expect(try movie.allPixels() == pixels(30, 4).prefix(18).map(Double.init))
    for length in [5, 12, 40, file.bytes.count - 70] {
      let path = try folder.write(file.bytes.prefix(length), to: "t.lif")
      #expect(throws: MovieError.self) {
        try Movies.open(path, options: MovieOptions(acceptsTruncated: true))
      }
    }
    file.images[0].data = []
    #expect(try movieError(try folder.write(file.bytes, to: "t.lif"))?.kind == .truncated)
  }

  @Test func othersAreRefusedByName() throws {
    let folder = try TemporaryFolder()
    func what(_ image: LIFFile.Image) throws -> String? {
      var file = LIFFile(version: 2)
      file.images = [image]
      return try movieError(try folder.write(file.bytes, to: "r.lif"))?.what
    }
    func image(_ dimensions: [(Int, Int, Int)], bits: Int = 8) -> LIFFile.Image {
      LIFFile.Image(name: "A", dimensions: dimensions, bits: bits, data: pixels(64, 5))
    }
    #expect(
      try what(image([(1, 2, 1), (2, 2, 2), (5, 4, 4)]))?.contains("wavelengths") == true)
    #expect(try what(image([(1, 2, 1), (4, 2, 2)]))?.contains("lines") == true)
    #expect(try what(image([(1, 2, 1), (2, 2, 2)], bits: 24))?.contains("24 bits") == true)
    // Impossible numbers.
    #expect(try what(image([(1, 1 << 40, 1), (2, 2, 2)])) != nil)
    #expect(try what(image([(1, 2, 1), (2, 2, 2), (4, 1 << 47, 1 << 47)])) != nil)
    #expect(try what(image([(1, 2, 1), (2, 2, 2), (4, 1 << 30, 0)]))?.contains("overlap") == true)
    #expect(try what(image([(1, 2, 1), (2, 2, 1)])) != nil)
    #expect(try what(image([(1, 2, 0), (2, 2, 2)])) != nil)
    #expect(try what(image([(1, 2, 1), (2, 2, 2), (4, 0, 4)])) != nil)
    #expect(try what(image([])) != nil)
    var many = LIFFile(version: 2)
    many.images = [image([(1, 2, 1), (2, 2, 2), (4, 16, 4)]), image([(1, 4, 1), (2, 4, 4)])]
    let path = try folder.write(many.bytes, to: "r.lif")
    #expect(
      try movieError(path, options: MovieOptions(planes: [.series: .all]))?.kind == .choice)
    #expect(
      try movieError(path, options: MovieOptions(planes: [.series: .number(3)]))?.kind == .choice)
    #expect(try movieError(path, options: MovieOptions(planes: [.series: .number(2)])) == nil)
  }
}
