import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Andor Solis' `.sif` files and spool folders.
@Suite struct AndorTests {
  @Test(.data("formats/sif")) func realSIF() throws {
    let movie = try Movies.open(SharedData.path("formats/sif/image.sif"))
    #expect(movie.info.frames == 1 && movie.info.width == 512 && movie.info.height == 512)
    #expect(movie.info.format == "Andor SIF" && movie.info.notes.count == 1)
    #expect(
      movie.info.metadata["Exposure (s)"] == "1" && movie.info.metadata["Gain (DAC)"] == "1000")
    #expect(movie.info.metadata["Camera"] == "DU897_BV")
    let pixels = try movie.allPixels()
    #expect(pixels.prefix(3) == [887, 881.25, 875.6500244140625])
    #expect(pixels.reduce(0, +) == 235_293_252.31323242)
    for name in ["measurement.sif", "cli-0.sif"] {
      let error = try movieError(SharedData.path("formats/sif/\(name)"))
      #expect(error?.kind == .unsupported && error?.what.contains("spectra") == true, "\(name)")
    }
  }

  /// A SIF by the layout: `flag` is the line behind the time stamps with what follows it.
  static func sif(
    width: Int = 7, height: Int = 5, frames: Int = 4, binning: Int = 1, promised: Int? = nil,
    regions: Int = 1, flag: String = "0\n", pixels: [Float]? = nil
  ) -> [UInt8] {
    let count = promised ?? frames
    let pixels = pixels ?? (0..<width * height * frames).map { Float($0 * 37 % 113) }
    var text = Array(
      "Andor Technology Multi-Channel File\n65538 1\n65567 0 0 1 1615747824 -70 ".utf8)
    text += [0, 32, 10, 32, 0, 32, 1, 32, 1, 32]
    text +=
      Array("0 0.03 0.0357 0.0357 1 ".utf8) + [0, 32] + Array("0.0357 1e-07 0 1 300 0 0\n".utf8)
    text +=
      Array("DU897_BV \n 512 512 5\nD:\\x \n65538 9\n".utf8) + [
        0, 0x9c, 1, 10, 0xff, 0, 0, 1, 0, 10,
      ]
    text += Array("12\nPixel number6\nCounts12\nPixel number".utf8)
    let per = width * height
    let (right, top) = (10 + width * binning, 20 + height * binning)
    text += Array("65541 11 \(top) \(right) 21 \(count) \(regions) \(per * count) \(per)\n".utf8)
    text += Array("65538 11 \(top) \(right) 21 \(binning) \(binning) 0\n".utf8)
    for frame in 0..<frames { text += Array("\(String(repeating: " ", count: 9))\(frame)\n".utf8) }
    return text + Array(flag.utf8) + pixels.bytes
  }

  @Test func everyEndOfTheHeader() throws {
    let folder = try TemporaryFolder()
    let values = (0..<7 * 5 * 4).map { Double($0 * 37 % 113) }
    for flag in ["", "0\n", "1\n10\n20\n30\n40\n"] {
      let path = try folder.write(Self.sif(flag: flag), to: "a.sif")
      let movie = try Movies.open(path)
      #expect(movie.info.frames == 4 && movie.info.width == 7 && movie.info.height == 5)
      #expect(try movie.allPixels() == values, "\(flag)")
      #expect(movie.info.notes == [] && movie.info.metadata["Exposure (s)"] == "0.03")
      #expect(movie.info.metadata["Gain (DAC)"] == "300")
      #expect(movie.info.metadata["Temperature (°C)"] == "-70")
      #expect(movie.info.metadata["Sensor region"] == "columns 11 to 17, rows 21 to 25")
    }
    // Old versions have no line, and their pixels may begin like one.
    var odd = (0..<140).map { Float($0) }
    odd[0] = Float(bitPattern: 0x4400_0A30)
    let movie = try Movies.open(try folder.write(Self.sif(flag: "", pixels: odd), to: "a.sif"))
    #expect(try movie.allPixels().first == Double(odd[0]))
    let binned = try Movies.open(try folder.write(Self.sif(binning: 3), to: "a.sif"))
    #expect(binned.info.width == 7 && binned.info.height == 5)
    #expect(try binned.allPixels() == values)
  }

  @Test func whatIsWrongWithSIF() throws {
    let folder = try TemporaryFolder()
    func error(_ bytes: [UInt8]) throws -> MovieError? {
      try movieError(try folder.write(bytes, to: "a.sif"))
    }
    // A header that promises 4 frames; 2 of them and a half are there.
    let whole = Self.sif()
    try expectTruncated(
      try folder.write(whole.dropLast(7 * 5 * 4 + 70), to: "a.sif"), frames: 2, "states 4 frames")
    let two = Self.sif() + Self.sif()
    let movie = try Movies.open(try folder.write(two, to: "a.sif"))
    #expect(movie.info.frames == 4 && movie.info.notes.count == 1)
    #expect(try error(Array(whole.prefix(100)))?.kind == .truncated)
    #expect(try error(Array(whole.prefix(330)))?.kind == .truncated)
    #expect(try error(Self.sif(height: 1))?.what.contains("spectra") == true)
    #expect(try error(Self.sif(regions: 3))?.what.contains("3 regions") == true)
    #expect(try error(Self.sif(frames: 0))?.kind == .noFrames)
    #expect(try error(Self.sif(promised: 4_000_000_000))?.kind == .truncated)
  }

  @Test(.data("formats/sif_spool/Mono16")) func realSpoolFolder() throws {
    let path = SharedData.path("formats/sif_spool/Mono16")
    for name in ["", "/acquisitionmetadata.ini", "/Spooled files.sifx", "/0000000000spool.dat"] {
      let movie = try Movies.open(path + name)
      #expect(movie.info.frames == 1 && movie.info.width == 200 && movie.info.height == 200)
      let pixels = try movie.allPixels()
      #expect(pixels.prefix(3) == [429, 466, 458] && pixels.reduce(0, +) == 82_577_510)
      #expect(movie.info.metadata["Camera"] == "ZYLA-5.5-CL10" && movie.info.notes == [])
    }
  }

  /// A spool folder by the layout.
  static func spool(
    _ folder: TemporaryFolder, encoding: String, frames: Int = 25, perFile: Int = 2,
    stride: Int? = nil, rest: Int = 11, promised: Int? = nil, hasSIF: Bool = true,
    omitting: Set<Int> = []
  ) throws {
    let (width, height) = (7, 5)
    func row(_ numbers: [Int]) -> [UInt8] {
      switch encoding {
      case "Mono32": return numbers.map { UInt32($0) }.bytes
      case "Mono12Packed":
        return (0..<(numbers.count + 1) / 2).flatMap { pair -> [UInt8] in
          let (a, b) = (numbers[2 * pair], 2 * pair + 1 < numbers.count ? numbers[2 * pair + 1] : 0)
          return [UInt8(a >> 4), UInt8(a & 15 | (b & 15) << 4), UInt8(b >> 4)]
        }.prefix((numbers.count * 12 + 7) / 8).map { $0 }
      default: return numbers.map { UInt16($0) }.bytes
      }
    }
    let rowBytes = stride ?? row(Array(repeating: 0, count: width)).count
    let text =
      "\u{FEFF}[data]\r\nAOIHeight = \(height)\r\nAOIWidth = \(width)\r\nAOIStride = \(rowBytes)\r\n"
      + "PixelEncoding = \(encoding)\r\nImageSizeBytes = \(rowBytes * height + rest)\r\n\r\n"
      + "[multiimage]\r\nImagesPerFile = \(perFile)\r\n"
    _ = try folder.write(text, to: "acquisitionmetadata.ini")
    if hasSIF {
      _ = try folder.write(
        AndorTests.sif(frames: promised ?? frames, pixels: []), to: "Spooled files.sifx")
    }
    for file in 0..<(frames + perFile - 1) / perFile where !omitting.contains(file) {
      var bytes: [UInt8] = []
      for image in file * perFile..<file * perFile + perFile {
        for y in 0..<height {
          let pixels = row((0..<width).map { value((image * height + y) * width + $0) })
          bytes += pixels + [UInt8](repeating: 0xEE, count: rowBytes - pixels.count)
        }
        bytes += [UInt8](repeating: 0xDD, count: rest)
      }
      let digits = String(format: "%010d", file)
      _ = try folder.write(bytes, to: String(digits.reversed()) + "spool.dat")
    }
  }

  private static func value(_ index: Int) -> Int { index * 37 % 4093 }

  @Test(arguments: ["Mono16", "Mono12", "Mono32", "Mono12Packed"])
  func everyEncoding(encoding: String) throws {
    for stride in [nil, 40] {
      for rest in [0, 11] {
        let folder = try TemporaryFolder()
        try Self.spool(folder, encoding: encoding, stride: stride, rest: rest)
        let movie = try Movies.open(folder.path)
        #expect(movie.info.frames == 25 && movie.info.notes == [])
        #expect(movie.info.pixel == (encoding == "Mono32" ? .float32 : .uint16))
        #expect(try movie.allPixels() == (0..<25 * 35).map { Double(Self.value($0)) })
        #expect(try movie.pixels(23..<25) == (23 * 35..<25 * 35).map { Double(Self.value($0)) })
      }
    }
  }

  @Test func incompleteSpoolFolders() throws {
    let folder = try TemporaryFolder()
    try Self.spool(folder, encoding: "Mono16", omitting: [12])
    try expectTruncated(folder.path, frames: 24, "the .sifx states 25 frames, the files contain 24")
    let bare = try TemporaryFolder()
    try Self.spool(bare, encoding: "Mono16", hasSIF: false)
    // The last file has room for an image that was never exposed.
    #expect(try Movies.open(bare.path).info.frames == 26)
    try FileManager.default.removeItem(atPath: bare.file("acquisitionmetadata.ini"))
    #expect(try movieError(bare.path)?.kind == .sidecar)
    let odd = try TemporaryFolder()
    try Self.spool(odd, encoding: "Mono8")
    #expect(try movieError(odd.path)?.kind == .unsupported)
    try Self.spool(odd, encoding: "Mono16", stride: 14, omitting: [0])
    try? FileManager.default.removeItem(atPath: odd.file("0000000000spool.dat"))
    #expect(try movieError(odd.path)?.kind == .missing)
  }
}
