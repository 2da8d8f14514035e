import Microscopy

/// An image of a LIF file as its XML describes it.
struct LIFImage {
  struct Dimension {
    var id: Int
    var count: Int
    /// Bytes from one element to the next.
    var bytes: Int
    /// From the first to the last element, in metres or seconds.
    var length: Double?
  }

  struct Channel {
    /// Whether pixels are floating-point numbers.
    var isFloat: Bool
    var bits: Int
    /// Bytes from the start of the block.
    var bytes: Int
    var name: String
  }

  var name: String
  var block: String?
  var dimensions: [Dimension] = []
  var channels: [Channel] = []
  var exposures: [Double] = []
  var start: String?

  /// The images of the file, in the order of its XML.
  static func all(_ xml: [UInt8]) -> (images: [LIFImage], version: Int) {
    var elements: [LIFImage] = []
    // Elements may be inside of each other; each of these is open, with its level.
    var open: [(element: Int, level: Int)] = []
    var version = 1
    var scan = XMLScan(xml)
    while let event = scan.next() {
      switch event {
      case .open(let tag):
        if tag.name == "LMSDataContainerHeader", scan.path.count == 1 {
          version = tag["Version"].flatMap { Int($0) } ?? 1
        } else if tag.name == "Element" {
          open.append((elements.count, scan.path.count))
          elements.append(LIFImage(name: tag["Name"] ?? ""))
        } else if let element = open.last?.element {
          elements[element].take(tag)
        }
      case .text(let bytes):
        guard scan.path.last == "TimeStampList", let element = open.last?.element else { continue }
        let first = bytes.drop { $0 <= 32 }.prefix { $0 > 32 }
        elements[element].take(
          time: UInt64(String(decoding: first.prefix(16), as: UTF8.self), radix: 16))
      case .close:
        while let last = open.last, scan.path.count < last.level { open.removeLast() }
      }
    }
    return (elements.filter { !$0.dimensions.isEmpty && !$0.channels.isEmpty }, version)
  }

  private mutating func take(_ tag: XMLTag) {
    switch tag.name {
    case "Memory": block = tag["MemoryBlockID"]
    case "ChannelDescription":
      let attributes = tag.attributes
      channels.append(
        Channel(
          isFloat: attributes["DataType"] == "1", bits: Self.number(attributes["Resolution"]) ?? 0,
          bytes: Self.number(attributes["BytesInc"]) ?? 0, name: attributes["LUTName"] ?? ""))
    case "DimensionDescription":
      let attributes = tag.attributes
      dimensions.append(
        Dimension(
          id: Self.number(attributes["DimID"]) ?? 0,
          count: Self.number(attributes["NumberOfElements"]) ?? 0,
          bytes: Self.number(attributes["BytesInc"]) ?? 0,
          length: attributes["Length"].flatMap { Double($0) }))
    case "TimeStamp" where start == nil:
      guard let high = tag["HighInteger"].flatMap({ UInt32($0) }),
        let low = tag["LowInteger"].flatMap({ UInt32($0) })
      else { return }
      take(time: UInt64(high) << 32 | UInt64(low))
    case "WideFieldChannelInfo":
      // Seconds.
      if let time = tag["ExposureTime"].flatMap({ Double($0) }) { exposures.append(time * 1000) }
    default: break
    }
  }

  /// - Parameter time: in units of 100 ns since 1601.
  private mutating func take(time: UInt64?) {
    guard let time, start == nil else { return }
    start = Acquisition.time(secondsSince1970: Double(time) / 1e7 - 11_644_473_600)
  }

  /// A whole number that is no negative one; beyond 2⁴⁸ it is no size of a file.
  private static func number(_ text: String?) -> Int? {
    guard let number = text.flatMap({ Int($0) }), (0...1 << 48).contains(number) else { return nil }
    return number
  }
}
