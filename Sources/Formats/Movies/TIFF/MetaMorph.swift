import Microscopy

/// MetaMorph's stacks (`.stk`): one directory for all planes, which lie one after the other.
///
/// The number of planes is the count of tag 33629 (UIC2); its values are six u32 for each plane,
/// the first two of which are the plane's height as a fraction. Tag 33628 (UIC1) lists pairs of a
/// number and a value or position: 3 says whether the pixels are calibrated, 4 is the pixel size
/// as a fraction, 6 its unit as u32 length and text.
struct MetaMorph {
  let planes: Int
  /// nm; nil if the stack does not state it.
  let pixelSize: StatedPixelSize?
  /// Whether the planes lie at different heights.
  let isStack: Bool

  /// nil if the file is no stack of MetaMorph's.
  init?(_ page: TIFFDirectory, _ layout: TIFFLayout) throws(MovieError) {
    guard let table = page.planeTable, table.type == 5, table.count > 0 else { return nil }
    planes = table.count
    pixelSize = try page.calibration.flatMap { field throws(MovieError) in
      try Self.pixelSize(field, layout)
    }
    // More planes than the file has bytes for are not looked at.
    guard planes > 1, planes <= layout.file.size / 24 else {
      isStack = false
      return
    }
    var low = UInt32.max
    for first in stride(from: 0, to: planes, by: 1024) where low != 0 {
      let count = min(1024, planes - first)
      let at = Int(clamping: table.value).addingReportingOverflow(first * 24)
      let heights = ByteReader(
        bytes: at.overflow ? [] : try layout.file.bytes(at: at.partialValue, count: count * 24),
        bigEndian: layout.bigEndian)
      for plane in 0..<count {
        low = min(low, heights.integer(UInt32.self, at: plane * 24) ?? 0)
      }
    }
    isStack = low != 0
  }

  private static func pixelSize(
    _ field: TIFFField, _ layout: TIFFLayout
  ) throws(MovieError) -> StatedPixelSize? {
    let pairs = try layout.bytes(of: field, count: min(field.count, 1024) * 8)
    var size: Double?
    var unit = ""
    for pair in 0..<min(field.count, 1024) {
      guard let number = pairs.integer(UInt32.self, at: pair * 8),
        let value = pairs.integer(UInt32.self, at: pair * 8 + 4)
      else { break }
      switch number {
      case 3 where value == 0: return nil
      case 4:
        let parts = ByteReader(
          bytes: try layout.file.bytes(at: Int(value), count: 8), bigEndian: layout.bigEndian)
        if let above = parts.integer(UInt32.self, at: 0),
          let below = parts.integer(UInt32.self, at: 4), below > 0
        {
          size = Double(above) / Double(below)
        }
      case 6:
        let length = ByteReader(
          bytes: try layout.file.bytes(at: Int(value), count: 4), bigEndian: layout.bigEndian
        ).integer(UInt32.self, at: 0)
        guard let length, length > 0, length < 64 else { continue }
        let text = try layout.file.bytes(at: Int(value) + 4, count: Int(length))
        unit = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        // MetaMorph writes µ in Latin-1.
        if text.first == 0xB5 { unit = "µm" }
      default: break
      }
    }
    return StatedPixelSize(size, unit: unit)
  }
}
