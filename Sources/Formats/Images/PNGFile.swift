import CPNG
import Foundation
import Microscopy

/// 8-bit PNG with its pixel size and origin.
enum PNGFile {
  static func write(
    _ image: Image, to path: String, contrast: Contrast, colours: ColourMap,
    provenance: [ProvenanceStep], overwrite: Bool
  ) throws {
    let file = try StagedFile(path: path, overwrite: overwrite)
    let limits = contrast.limits(of: image)
    let notes = Images.Notes(
      pixelSize: image.pixelSize, black: limits.black, white: limits.white,
      colours: colours.rawValue, steps: provenance)
    let rows = levels(image, black: limits.black, white: limits.white, colours: colours)
    var png = try encode(
      rows, width: image.width, height: image.height, inColour: colours != .grey, path: path)
    var extra = chunk(
      "iTXt", Array("Description".utf8) + [0, 0, 0, 0, 0] + Array(try notes.text.utf8))
    extra += chunk("tEXt", Array("Software".utf8) + [0] + Array("Glint \(glintVersion)".utf8))
    if let size = image.pixelSize, size > 0 {
      // Pixels per metre, a whole number: exact enough down to fractions of a nanometre.
      let perMetre = UInt32(clamping: Int((min(1e9 / size, 4e9)).rounded()))
      extra += chunk("pHYs", bigEndian(perMetre) + bigEndian(perMetre) + [1])
    }
    // After the signature (8 bytes) and the header chunk (25 bytes).
    png.insert(contentsOf: extra, at: 33)
    try file.write(png)
    try file.commit()
  }

  /// Grey levels or colours, row after row.
  private static func levels(
    _ image: Image, black: Float, white: Float, colours: ColourMap
  ) -> [UInt8] {
    let scale = white > black ? 255 / (white - black) : 0
    func level(_ value: Float) -> Int {
      let level = (value - black) * scale
      return level > 0 ? Int(min(level.rounded(), 255)) : 0
    }
    if colours == .grey { return image.pixels.map { UInt8(level($0)) } }
    let table = colours.table
    var rows = [UInt8]()
    rows.reserveCapacity(image.pixels.count * 3)
    for value in image.pixels { rows += table[level(value) * 3..<level(value) * 3 + 3] }
    return rows
  }

  /// Compresses rows of grey levels, or of colours.
  static func encode(
    _ rows: [UInt8], width: Int, height: Int, inColour: Bool, path: String
  ) throws -> [UInt8] {
    guard width <= 1_000_000, height <= 1_000_000 else {
      throw OutputError.failed(
        path: path, reason: "\(width) × \(height) pixels are too many for a PNG")
    }
    // Deflate adds at most a few bytes per block, and PNG twelve per chunk.
    var size = rows.count + rows.count / 100 + height + 65_536
    var failed = false
    let png = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let encoded = glint_png_encode(
        buffer.baseAddress!, &size, UInt32(width), UInt32(height), inColour ? 1 : 0, rows)
      failed = encoded == 0
      count = failed ? 0 : size
    }
    guard !failed else {
      throw OutputError.failed(path: path, reason: "the PNG library could not compress the picture")
    }
    return png
  }

  /// A chunk: length, type, data, checksum of type and data.
  private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    return bigEndian(UInt32(data.count)) + body + bigEndian(checksum(body))
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }

  /// CRC-32 (ISO 3309), bit by bit: a few hundred bytes per picture.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { remainder, byte in
      (0..<8).reduce(remainder ^ UInt32(byte)) { value, _ in
        value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
      }
    }
  }
}
