/// Writes CZI files from the layout.
struct CZIFile {
  struct Plane {
    var dimensions: [Character: Int]
    var size: (Int, Int)
    var stored: (Int, Int)?
    var pixelType: Int32 = 1
    var compression: Int32 = 0
    var pyramid: UInt8 = 0
    var part: Int32 = 0
    /// Planes along T in this block.
    var planes = 1
    var data: [UInt8]
    var xml = "<METADATA/>"

    init(
      dimensions: [Character: Int], size: (Int, Int), pixelType: Int32 = 1, compression: Int32 = 0,
      data: [UInt8]
    ) {
      (self.dimensions, self.size, self.data) = (dimensions, size, data)
      (self.pixelType, self.compression) = (pixelType, compression)
    }

    func entry(at position: Int) -> [UInt8] {
      var all = [("X", -3, size.0, stored?.0 ?? size.0), ("Y", 5, size.1, stored?.1 ?? size.1)]
      for (name, start) in dimensions.sorted(by: { $0.key < $1.key }) {
        all.append((String(name), start, name == "T" ? planes : 1, 1))
      }
      var bytes = joined(
        Array("DV".utf8), le(pixelType), le(Int64(position)), le(part), le(compression),
        [pyramid, 0, 0, 0, 0, 0], le(Int32(all.count)))
      for (name, start, size, stored) in all {
        bytes += joined(
          Array(name.utf8), [0, 0, 0], le(Int32(start)), le(Int32(size)), le(UInt32(0)),
          le(Int32(stored)))
      }
      return bytes
    }

    func block(at position: Int, dataBytes: Int? = nil) -> [UInt8] {
      let xml = dataBytes == nil ? Array(xml.utf8) : []
      let entry = entry(at: position)
      let count = dataBytes ?? data.count
      let used = max(256, 16 + entry.count) + xml.count + count
      let head = joined(le(Int32(xml.count)), le(Int32(0)), le(Int64(count)), entry)
      let padding = [UInt8](repeating: 0, count: max(0, 256 - head.count))
      return joined(CZIFile.segment("ZISRAWSUBBLOCK", used), head, padding, xml, data)
    }
  }

  var planes: [Plane] = []
  var xml: String?
  var times: [Double] = []
  var part: Int32 = 0
  var isPending = false
  var hasDirectory = true

  static func document(_ text: String) -> String {
    "<?xml version=\"1.0\"?><ImageDocument><Metadata>\(text)</Metadata></ImageDocument>"
  }

  fileprivate static func segment(_ id: String, _ bytes: Int) -> [UInt8] {
    let padding = [UInt8](repeating: 0, count: 16 - id.utf8.count)
    return joined(Array(id.utf8), padding, le(Int64(bytes)), le(Int64(bytes)))
  }

  func header(directory: Int, metadata: Int = 0, attachments: Int = 0) -> [UInt8] {
    joined(
      Self.segment("ZISRAWFILE", 512), le(Int32(1)), [UInt8](repeating: 0, count: 12),
      [UInt8](repeating: 7, count: 32), le(part), le(Int64(directory)), le(Int64(metadata)),
      le(Int32(isPending ? 1 : 0)), le(Int64(attachments)),
      [UInt8](repeating: 0, count: 544 - 112))
  }

  func directory(_ positions: [Int]) -> [UInt8] {
    let entries = zip(planes, positions).flatMap { $0.entry(at: $1) }
    return joined(
      Self.segment("ZISRAWDIRECTORY", 128 + entries.count), le(Int32(planes.count)),
      [UInt8](repeating: 0, count: 124), entries)
  }

  var bytes: [UInt8] {
    var body: [UInt8] = []
    var positions: [Int] = []
    for plane in planes {
      positions.append(544 + body.count)
      body += plane.block(at: 544 + body.count)
    }
    var metadata = 0
    if let xml {
      metadata = 544 + body.count
      body += joined(
        Self.segment("ZISRAWMETADATA", 256 + xml.utf8.count), le(Int32(xml.utf8.count)),
        [UInt8](repeating: 0, count: 252), Array(xml.utf8))
    }
    var attachments = 0
    if !times.isEmpty {
      let place = 544 + body.count
      body += joined(
        Self.segment("ZISRAWATTACH", 264 + 8 * times.count), [UInt8](repeating: 0, count: 256),
        le(Int32(8 * times.count)), le(Int32(times.count)))
      for time in times { body += le(time.bitPattern) }
      attachments = 544 + body.count
      body += joined(
        Self.segment("ZISRAWATTDIR", 384), le(Int32(1)), [UInt8](repeating: 0, count: 252),
        Array("A1".utf8), [UInt8](repeating: 0, count: 10), le(Int64(place)),
        [UInt8](repeating: 0, count: 28), Array("TimeStamps".utf8),
        [UInt8](repeating: 0, count: 70))
    }
    let place = 544 + body.count
    return header(directory: hasDirectory ? place : 0, metadata: metadata, attachments: attachments)
      + body + (hasDirectory ? directory(positions) : [])
  }

  /// A Zstandard frame of stored blocks.
  static func zstd(_ bytes: [UInt8]) -> [UInt8] {
    let size = UInt32(bytes.count)
    let block = Array(le(size << 3 | 1).prefix(3))
    return joined([0x28, 0xB5, 0x2F, 0xFD, 0xA0], le(size), block, bytes)
  }
}
