import CZlib
import Foundation

/// Writes ND2 files from the layout.
struct ND2File {
  indirect enum Record {
    case uint32(String, UInt32)
    case double(String, Double)
    case text(String, String)
    case bytes(String, [UInt8])
    case level(String, [Record])

    /// One loop inside of the other.
    static func nested(_ loops: [Record]) -> Record {
      var inner: Record?
      for loop in loops.reversed() {
        guard case .level(let name, var items) = loop else { continue }
        if case .level(_, let next)? = inner {
          items.append(.level("ppNextLevelEx", [.level("", next)]))
        }
        inner = .level(name, items)
      }
      return inner ?? .level("SLxExperiment", [])
    }

    var record: [UInt8] {
      func head(_ type: UInt8, _ name: String) -> [UInt8] {
        [type, UInt8(name.utf16.count + 1)] + ND2File.utf16(name)
      }
      switch self {
      case .uint32(let name, let value): return head(3, name) + le(value)
      case .double(let name, let value): return head(6, name) + le(value.bitPattern)
      case .text(let name, let text): return head(8, name) + ND2File.utf16(text)
      case .bytes(let name, let bytes): return head(9, name) + le(UInt64(bytes.count)) + bytes
      case .level(let name, let items):
        let records = items.map(\.record)
        let start = head(11, name)
        let inner = Array(records.joined())
        let positions = [UInt8](repeating: 0, count: 8 * items.count)
        let length = UInt64(start.count + 12 + inner.count)
        return joined(start, le(UInt32(items.count)), le(length), inner, positions)
      }
    }

    var xml: String {
      func escape(_ text: String) -> String { text.replacingOccurrences(of: "&", with: "&amp;") }
      switch self {
      case .uint32(let name, let value):
        return "<\(name) runtype=\"lx_uint32\" value=\"\(value)\"/>"
      case .double(let name, let value):
        return "<\(name) runtype=\"double\" value=\"\(value)\"></\(name)>"
      case .text(let name, let text):
        return "<\(name) runtype=\"CLxStringW\" value=\"\(escape(text))\"/>"
      case .bytes(let name, _): return "<\(name) runtype=\"CLxByteArray\"/>"
      case .level(let name, let items):
        let name = name.isEmpty ? "no_name" : name
        return "<\(name) runtype=\"CLxListVariant\">\(items.map(\.xml).joined())</\(name)>"
      }
    }
  }

  static func loop(_ type: UInt32, _ parameters: [Record], more: [Record] = []) -> Record {
    .level(
      "SLxExperiment", [.uint32("eType", type), .level("uLoopPars", parameters)] + more)
  }

  var width: Int
  var height: Int
  var rowBytes: Int
  var bits = 16
  var components = 1
  var significantBits: Int?
  var compression: UInt32?
  var isCompressed = false
  /// Bytes reserved for the name of a chunk; nil: as many as it has.
  var nameBytes: Int?
  /// The data of each frame without its time.
  var frames: [[UInt8]] = []
  var numbers: [Int]?
  var experiment: Record?
  var picture: Record?
  var texts: Record?
  var hasMap = true
  var attributesLast = false
  var isXML = false
  var packsMetadata = false

  init(width: Int, height: Int, rowBytes: Int, bits: Int = 16, components: Int = 1) {
    (self.width, self.height, self.rowBytes) = (width, height, rowBytes)
    (self.bits, self.components) = (bits, components)
  }

  /// Rows of uint16 with padding.
  func rows(_ pixels: [UInt16]) -> [UInt8] {
    (0..<height).flatMap { y in
      let row = pixels[(y * width)..<((y + 1) * width)].flatMap {
        [UInt8($0 & 255), UInt8($0 >> 8)]
      }
      return row + [UInt8](repeating: 0xEE, count: rowBytes - row.count)
    }
  }

  static func utf16(_ text: String) -> [UInt8] { (Array(text.utf16) + [0]).flatMap { le($0) } }

  func head(_ name: String, bytes: Int) -> [UInt8] {
    let length = max(nameBytes ?? 0, name.utf8.count)
    return joined(
      le(UInt32(0x0ABE_CEDA)), le(UInt32(length)), le(UInt64(bytes)), Array(name.utf8),
      [UInt8](repeating: 0, count: length - name.utf8.count))
  }

  func map(_ chunks: [(String, Int, Int)], at place: Int) -> [UInt8] {
    // NIS-Elements sorts by name, the last one first.
    var list: [UInt8] = []
    for (name, place, size) in chunks.sorted(by: { $0.0 > $1.0 }) {
      list += joined(Array(name.utf8), le(UInt64(place)), le(UInt64(size)))
    }
    let signature = Array("ND2 CHUNK MAP SIGNATURE 0000001!".utf8)
    let data = joined(list, signature, le(UInt64(place)))
    return head("ND2 FILEMAP SIGNATURE NAME 0001!", bytes: data.count) + data
  }

  /// Appends all chunks but those of frames.
  func describe(_ file: inout [UInt8], _ chunks: inout [(String, Int, Int)]) {
    if file.isEmpty {
      file = head("ND2 FILE SIGNATURE CHUNK NAME01!", bytes: 64)
      file += Array("Ver3.0".utf8) + [UInt8](repeating: 0, count: 58)
    }
    let attributes = Record.level(
      "SLxImageAttributes",
      [
        .uint32("uiWidth", UInt32(width)), .uint32("uiWidthBytes", UInt32(rowBytes)),
        .uint32("uiHeight", UInt32(height)), .uint32("uiComp", UInt32(components)),
        .uint32("uiBpcInMemory", UInt32(bits)),
        .uint32("uiBpcSignificant", UInt32(significantBits ?? bits)),
        .uint32("uiSequenceCount", 1000),
        .uint32("eCompression", compression ?? (isCompressed ? 0 : 2)),
      ])
    for (name, index, record) in [
      ("ImageAttributes", "", attributes), ("ImageMetadata", "", experiment),
      ("ImageMetadataSeq", "|0", picture), ("ImageTextInfo", "", texts),
    ] {
      guard let record else { continue }
      var data = record.record
      if isXML {
        data = Array(
          "<?xml version=\"1.0\"?><variant version=\"1.0\"><no_name>\(record.xml)</no_name></variant>"
            .utf8)
      } else if packsMetadata {
        data = joined([76, 0], [UInt8](repeating: 0, count: 8), Self.packed(data))
      }
      append("\(name)\(isXML ? "" : "LV")\(index)!", data, &file, &chunks)
    }
  }

  private func append(
    _ name: String, _ data: [UInt8], _ file: inout [UInt8], _ chunks: inout [(String, Int, Int)]
  ) {
    chunks.append((name, file.count, data.count))
    file += head(name, bytes: data.count) + data
  }

  var bytes: [UInt8] {
    var file: [UInt8] = []
    var chunks: [(String, Int, Int)] = []
    if !attributesLast { describe(&file, &chunks) }
    for (place, data) in frames.enumerated() {
      let name = "ImageDataSeq|\(numbers?[place] ?? place)!"
      let time = le((Double(place) * 10).bitPattern)
      append(name, time + (isCompressed ? Self.packed(data) : data), &file, &chunks)
    }
    if attributesLast { describe(&file, &chunks) }
    return hasMap ? file + map(chunks, at: file.count) : file
  }

  static func packed(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(UInt(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(size))
    compress(&result, &size, bytes, UInt(bytes.count))
    return Array(result.prefix(Int(size)))
  }
}

/// Bytes one after the other; long sums of arrays take the compiler long.
func joined(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

/// The bytes of a number, the lowest first.
func le(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
