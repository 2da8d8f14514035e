import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// LightField's SPE 3: regions, metadata between frames, and the description behind them.
@Suite struct SPE3Tests {
  @Test(.data("formats/spe3", "formats/spe")) func realFiles() throws {
    let one = try Movies.open(SharedData.path("formats/spe3/small_roi.spe"))
    #expect(one.info.frames == 1 && one.info.width == 705 && one.info.height == 638)
    #expect(one.info.format == "SPE 3" && one.info.notes == [])
    #expect(one.info.metadata["ExposureTime"] == "999.99999999999989")
    #expect(try one.allPixels().reduce(0, +) == 610_495_928)
    let path = SharedData.path("formats/spe3/two_rectangular_rois_noBinning.spe")
    let error = try #require(try movieError(path))
    #expect(error.kind == .choice)
    #expect(error.what.contains("2 series (1: 705 x 638; 2: 320 x 110)"))
    let all = try Movies.openAll(path).info
    #expect(all.axes.map(\.taken) == [nil, 0] && all.width == 705)
    for (series, width, height) in [(1, 705, 638), (2, 320, 110)] {
      let movie = try Movies.open(path, options: MovieOptions(planes: [.series: .number(series)]))
      #expect(movie.info.width == width && movie.info.height == height && movie.info.frames == 1)
      // The pixels of both regions lie one after another from byte 4100 on.
      let bytes = try SharedData.bytes("formats/spe3/two_rectangular_rois_noBinning.spe")
      let start = 4100 + (series == 2 ? 899_580 : 0)
      let sum = (0..<width * height).reduce(0.0) {
        $0 + Double(bytes[start + 2 * $1]) + 256 * Double(bytes[start + 2 * $1 + 1])
      }
      #expect(try movie.allPixels().reduce(0, +) == sum)
    }
    #expect(
      try movieError(path, options: MovieOptions(planes: [.series: .number(3)]))?.kind == .choice)
    let spectrum = try movieError(SharedData.path("formats/spe3/one_dimensional_spectrum.spe"))
    #expect(spectrum?.kind == .unsupported && spectrum?.what.contains("spectra") == true)
    let old = try Movies.open(SharedData.path("formats/spe/spestack_test.spe"))
    let sums = try (0..<5).map { try old.pixels($0..<$0 + 1).reduce(0, +) }
    #expect(sums == [2_854_314, 3_638_347, 3_697_440, 3_665_226, 3_682_281])
    let small = try Movies.open(SharedData.path("formats/spe/test_v0501_000_.SPE"))
    #expect(
      try (0..<2).map { try small.pixels($0..<$0 + 1).reduce(0, +) } == [1_190_522, 1_189_228])
  }

  /// A file by the layout: regions of these sizes, and `metadata` bytes after each frame, with a
  /// time stamp of 1000 · k ticks at their start. Pixel i of region r of frame k is
  /// (k · 1000 + r · 100 + i) mod 113.
  static func spe3(
    _ regions: [(width: Int, height: Int)], frames: Int = 4, promised: Int? = nil,
    metadata: Int = 0,
    format: String = "MonochromeUnsigned16"
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4100)
    func put(_ value: UInt64, at offset: Int, _ count: Int) {
      for i in 0..<count { bytes[offset + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * i)) }
    }
    let (pixel, kind) =
      format == "MonochromeUnsigned16" ? (2, 3) : format.hasSuffix("g32") ? (4, 0) : (4, 8)
    if regions.count == 1 {
      put(UInt64(regions[0].width), at: 42, 2)
      put(UInt64(regions[0].height), at: 656, 2)
    }
    put(UInt64(kind), at: 108, 2)
    put(UInt64(promised ?? frames), at: 1446, 4)
    put(UInt64(Float(3).bitPattern), at: 1992, 4)
    put(0x5555, at: 4098, 2)
    for frame in 0..<frames {
      for (number, region) in regions.enumerated() {
        for i in 0..<region.width * region.height {
          let value = value(frame, number, i)
          bytes +=
            pixel == 2
            ? [UInt16(value)].bytes : kind == 0 ? [Float(value)].bytes : [UInt32(value)].bytes
        }
      }
      if metadata > 0 {
        bytes += [Int64(frame * 1000)].bytes + [UInt8](repeating: 0xAA, count: metadata - 8)
      }
    }
    put(UInt64(bytes.count), at: 678, 8)
    let size = regions.reduce(0) { $0 + $1.width * $1.height * pixel }
    let blocks = regions.map {
      "<DataBlock type=\"Region\" count=\"1\" width=\"\($0.width)\" height=\"\($0.height)\" "
        + "size=\"\($0.width * $0.height * pixel)\" stride=\"\($0.width * $0.height * pixel)\" />"
    }
    let xml =
      "<SpeFormat version=\"3.0\"><DataFormat><DataBlock type=\"Frame\" count=\"\(promised ?? frames)\" "
      + "pixelFormat=\"\(format)\" size=\"\(size)\" stride=\"\(size + metadata)\">\(blocks.joined())"
      + "</DataBlock></DataFormat><MetaFormat><MetaBlock id=\"1\"><TimeStamp event=\"ExposureStarted\" "
      + "type=\"Int64\" bitDepth=\"64\" resolution=\"1000000\" /></MetaBlock></MetaFormat>"
      + "<ShutterTiming><ExposureTime type=\"Double\">30</ExposureTime></ShutterTiming>"
      + "<EMGain type=\"Int32\">100</EMGain></SpeFormat>"
    return bytes + Array(xml.utf8)
  }

  private static func value(_ frame: Int, _ region: Int, _ pixel: Int) -> Int {
    (frame * 1000 + region * 100 + pixel) % 113
  }

  @Test(arguments: ["MonochromeUnsigned16", "MonochromeUnsigned32", "MonochromeFloating32"])
  func metadataBetweenFrames(format: String) throws {
    let folder = try TemporaryFolder()
    for metadata in [0, 8, 24] {
      let path = try folder.write(Self.spe3([(7, 5)], metadata: metadata, format: format), to: "a")
      let movie = try Movies.open(path)
      #expect(movie.info.frames == 4 && movie.info.notes == [] && movie.info.axes == [])
      #expect(
        try movie.allPixels()
          == (0..<4).flatMap { k in (0..<35).map { Double(Self.value(k, 0, $0)) } })
      #expect(movie.info.metadata["ExposureTime"] == "30" && movie.info.metadata["EMGain"] == "100")
      #expect(
        movie.info.metadata["Exposure of the last frame started (s)"]
          == (metadata > 0 ? "0.003" : nil))
    }
  }

  @Test func regionsOfEqualSizeAreAnAxis() throws {
    let folder = try TemporaryFolder()
    for metadata in [0, 16] {
      let path = try folder.write(
        Self.spe3([(7, 5), (7, 5), (7, 5)], metadata: metadata), to: "a.spe")
      #expect(try Movies.openAll(path).info.axes == [AxisExtent(.time, 4), AxisExtent(.series, 3)])
      #expect(try movieError(path)?.kind == .choice)
      for region in 0..<3 {
        let movie = try Movies.open(
          path, options: MovieOptions(planes: [.series: .number(region + 1)]))
        #expect(
          try movie.allPixels()
            == (0..<4).flatMap { k in (0..<35).map { Double(Self.value(k, region, $0)) } })
      }
    }
    let path = try folder.write(Self.spe3([(7, 5), (3, 9)], metadata: 16), to: "a.spe")
    let movie = try Movies.open(path, options: MovieOptions(planes: [.series: .number(2)]))
    #expect(movie.info.width == 3 && movie.info.height == 9 && movie.info.notes.count == 1)
    #expect(
      try movie.allPixels()
        == (0..<4).flatMap { k in (0..<27).map { Double(Self.value(k, 1, $0)) } })
  }

  @Test func whatIsWrong() throws {
    let folder = try TemporaryFolder()
    let whole = Self.spe3([(7, 5)], metadata: 16)
    let xml = 4100 + 4 * 86
    // The description comes last, so a file that is cut off has lost it.
    try expectTruncated(
      try folder.write(whole.prefix(4100 + 2 * 86 + 50), to: "a.spe"), frames: 2, "states 4 frames")
    let lost = Self.spe3([(7, 5), (7, 5)]).prefix(4100 + 100)
    #expect(try movieError(try folder.write(lost, to: "a.spe"))?.kind == .truncated)
    try expectTruncated(
      try folder.write(Self.spe3([(7, 5)], promised: 9), to: "a.spe"), frames: 4, "states 9 frames")
    func changed(_ from: String, _ to: String) throws -> MovieError? {
      let text = String(decoding: whole[xml...], as: UTF8.self).replacingOccurrences(
        of: from, with: to)
      return try movieError(try folder.write(Array(whole[..<xml]) + Array(text.utf8), to: "a.spe"))
    }
    #expect(try changed("height=\"5\"", "height=\"1\"")?.what.contains("spectra") == true)
    #expect(try changed("width=\"7\"", "width=\"70\"")?.kind == .inconsistent)
    #expect(try changed("width=\"7\"", "width=\"99999999999999999999\"")?.kind == .inconsistent)
    #expect(try changed("stride=\"86\"", "stride=\"8\"")?.kind == .inconsistent)
    #expect(try changed("Unsigned16", "Unsigned12")?.kind == .unsupported)
    #expect(try changed("type=\"Region\"", "type=\"Other\"")?.kind == .inconsistent)
    #expect(try changed("SpeFormat", "x>") == nil)
  }
}
