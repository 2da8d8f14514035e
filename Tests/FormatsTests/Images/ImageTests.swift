import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

@Suite struct ImageTests {
  private let steps = [
    ProvenanceStep(program: "Glint", version: "0.1.0", action: "render", device: "CPU")
  ]

  private func picture(width: Int = 37, height: Int = 20) -> Image {
    Image(
      width: width, height: height, pixels: (0..<width * height).map { Float($0 % 23) },
      pixelSize: 12.5)
  }

  /// The chunks of a PNG by type.
  private func chunks(_ path: String) throws -> [(type: String, data: Data)] {
    let png = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(png.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    var place = 8
    var found: [(String, Data)] = []
    while place < png.count {
      let length = png[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      let type = String(decoding: png[place + 4..<place + 8], as: UTF8.self)
      found.append((type, png.subdata(in: place + 8..<place + 8 + length)))
      place += 12 + length
    }
    return found
  }

  @Test(arguments: ColourMap.allCases)
  func pngHasItsParts(colours: ColourMap) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("p.png")
    try Images.write(picture(), to: path, colours: colours, provenance: steps)
    let chunks = try chunks(path)
    #expect(chunks.first?.type == "IHDR")
    #expect(chunks.last?.type == "IEND")
    #expect(
      Array(chunks[0].data) == [0, 0, 0, 37, 0, 0, 0, 20, 8, colours == .grey ? 0 : 2, 0, 0, 0])
    let size = try #require(chunks.first { $0.type == "pHYs" })
    // 1e9 / 12.5 pixels per metre.
    #expect(Array(size.data) == [4, 0xC4, 0xB4, 0, 4, 0xC4, 0xB4, 0, 1])
    let text = try #require(chunks.first { $0.type == "iTXt" })
    #expect(String(decoding: text.data, as: UTF8.self).contains("\"action\":\"render\""))
    #expect(folder.contents == ["p.png"])
  }

  @Test(.python("PIL")) func lightnessRisesFromBlackToWhite() throws {
    let folder = try TemporaryFolder()
    let ramp = Image(width: 256, height: 1, pixels: (0..<256).map { Float($0) })
    try Images.write(ramp, to: folder.file("r.png"), contrast: .range(0...255), colours: .ember)
    let rows = try pythonPixels(folder.file("r.png"))
    let luminance = rows.map { row -> Double in
      0.2126 * linear(row[0]) + 0.7152 * linear(row[1]) + 0.0722 * linear(row[2])
    }
    #expect(rows.count == 256)
    #expect(rows.first == [0, 0, 0])
    #expect(rows.last == [255, 255, 255])
    for (a, b) in zip(luminance, luminance.dropFirst()) { #expect(b >= a) }
    // Four levels apart, so that rounding to 8 bits hides no step.
    for (a, b) in zip(luminance.dropFirst(12), luminance.dropFirst(16)) { #expect(b > a) }
  }

  private func linear(_ value: Int) -> Double {
    let value = Double(value) / 255
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
  }

  private func pythonPixels(_ path: String) throws -> [[Int]] {
    let script = """
      from PIL import Image
      for p in Image.open("\(path)").convert("RGB").getdata(): print(*p)
      """
    return try Python.run(script).split(separator: "\n").map {
      $0.split(separator: " ").compactMap { Int($0) }
    }
  }

  /// 200 of 300 pixels rise, then zeros, a NaN and a negative number.
  private func uneven() -> Image {
    var pixels = [Float](repeating: 0, count: 300)
    for index in 0..<200 { pixels[index] = Float(index + 1) }
    pixels[250] = .nan
    pixels[251] = -5
    return Image(width: 20, height: 15, pixels: pixels)
  }

  @Test func contrastRules() throws {
    let folder = try TemporaryFolder()
    try Images.write(uneven(), to: folder.file("q.png"), contrast: .quantile(0.5), colours: .grey)
    let text = try chunks(folder.file("q.png")).first { $0.type == "iTXt" }
    let notes = String(decoding: try #require(text).data, as: UTF8.self)
    #expect(notes.contains("\"black\":0,"))
    #expect(notes.contains("\"white\":101}"))
  }

  @Test(.python("PIL")) func contrastOfPixels() throws {
    let folder = try TemporaryFolder()
    try Images.write(uneven(), to: folder.file("q.png"), contrast: .quantile(0.5), colours: .grey)
    let rows = try pythonPixels(folder.file("q.png"))
    #expect(rows[0][0] == 3)
    #expect(rows[50][0] == 129)
    #expect(rows[100..<200].allSatisfy { $0[0] == 255 })
    #expect(rows[200...].allSatisfy { $0[0] == 0 })
  }

  @Test func oddPictures() throws {
    let folder = try TemporaryFolder()
    for (index, value) in [Float.nan, 0, -1, .infinity].enumerated() {
      let image = Image(width: 1, height: 1, pixels: [value])
      try Images.write(image, to: folder.file("\(index).png"))
      try Images.write(image, to: folder.file("\(index).tif"))
    }
    #expect(folder.contents.count == 8)
  }

  @Test(.python("tifffile"), arguments: Images.Sample.allCases)
  func tiffKeepsTheValues(sample: Images.Sample) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("p.tif")
    // More than one strip.
    let image = picture(width: 700, height: 801)
    try Images.write(image, to: path, sample: sample, provenance: steps)
    #expect(folder.contents == ["p.tif"])
    let script = """
      import tifffile
      t = tifffile.TiffFile("\(path)")
      p = t.pages[0]
      a = p.asarray()
      print(len(t.pages), a.shape[0], a.shape[1], a.dtype, int(a.sum()), int(a[800, 699]))
      r = p.tags["XResolution"].value
      print(int(p.tags["ResolutionUnit"].value), round(r[0] / r[1]), p.tags["Software"].value)
      print(p.tags["ImageDescription"].value)
      """
    let text = try Python.run(script)
    let lines = text.split(separator: "\n").map(String.init)
    let sum = image.pixels.reduce(0.0) { $0 + Double($1) }
    #expect(lines[0] == "1 801 700 \(sample.rawValue) \(Int(sum)) \(Int(image.pixels.last!))")
    #expect(lines[1] == "3 800000 Glint \(glintVersion)")
    #expect(lines[2].contains("\"action\":\"render\""))
  }

  @Test func refusals() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("precious", to: "p.png")
    #expect(throws: OutputError.exists(path: path)) { try Images.write(picture(), to: path) }
    #expect(
      words { try Images.write(picture(), to: folder.file("p.jpg")) }.contains(
        ".png for viewing, or .tif"))
    let bright = Image(width: 1, height: 1, pixels: [70_000])
    let complaint = words { try Images.write(bright, to: folder.file("b.tif"), sample: .uint16) }
    #expect(complaint.contains("70000.0 does not fit 16 bits"))
    #expect(folder.contents == ["p.png"])
  }
}
