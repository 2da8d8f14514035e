import Microscopy

/// What a CZI file says about camera, light and scale, in its XML and its time stamps.
struct CZIDescription {
  private(set) var acquisition = Acquisition()
  private(set) var pixelSize = StatedPixelSize.none
  /// Number of time stamps and the time from the first to the last one, ms.
  private(set) var times: (count: Int, span: Double) = (0, 0)

  /// XML beyond this size is not read.
  private static let longestXML = 1 << 28

  init(_ file: FileBytes, metadata: Int, attachments: Int) throws(MovieError) {
    let head = try file.bytes(at: metadata, count: 36)[...]
    if metadata > 0, head.starts(with: Array("ZISRAWMETADATA".utf8)),
      let size = head.little(Int32.self, at: 32), (1...Self.longestXML).contains(Int(size))
    {
      read(try file.bytes(at: metadata + 288, count: Int(size)))
    }
    times = try Self.times(file, attachments)
  }

  private mutating func read(_ xml: [UInt8]) {
    let image = ["ImageDocument", "Metadata", "Information", "Image"]
    let channel = image + ["Dimensions", "Channels", "Channel"]
    let detector = [
      "ImageDocument", "Metadata", "Information", "Instrument", "Detectors", "Detector",
    ]
    let distance = ["ImageDocument", "Metadata", "Scaling", "Items", "Distance"]
    var scan = XMLScan(xml)
    var axis: String?
    while let event = scan.next() {
      switch event {
      case .open(let tag):
        if tag.name == "Channel", scan.path == channel {
          acquisition.channels.append(tag["Name"] ?? "")
        } else if tag.name == "Detector", scan.path == detector {
          acquisition.camera = acquisition.camera ?? tag["Name"]
        } else if tag.name == "Distance", scan.path == distance {
          axis = tag["Id"]
        }
      case .text(let bytes):
        switch scan.path.last ?? "" {
        case "Value" where axis == "X" && scan.path.dropLast() == distance[...]:
          pixelSize = StatedPixelSize(Double(XMLTag.text(bytes)), unit: "m")
        case "ExposureTime" where scan.path.dropLast() == channel[...]:
          // Nanoseconds.
          if let time = Double(XMLTag.text(bytes)) { acquisition.exposures.append(time / 1e6) }
        case "EMGain" where scan.path.starts(with: channel):
          acquisition.emGain = acquisition.emGain ?? Double(XMLTag.text(bytes))
        case "AcquisitionDateAndTime" where scan.path.dropLast() == image[...]:
          acquisition.start = XMLTag.text(bytes)
        default: break
        }
      case .close: break
      }
    }
  }

  /// The attachment "TimeStamps": i32 size, i32 count, f64 seconds.
  private static func times(_ file: FileBytes, _ place: Int) throws(MovieError) -> (Int, Double) {
    let head = try file.bytes(at: place, count: 36)[...]
    guard place > 0, head.starts(with: Array("ZISRAWATTDIR".utf8)),
      let count = head.little(Int32.self, at: 32), (0...1000).contains(count)
    else { return (0, 0) }
    let entries = try file.bytes(at: place + 288, count: 128 * Int(count))
    for start in stride(from: 0, to: entries.count - 127, by: 128) {
      let entry = entries[start..<start + 128]
      guard entry.dropFirst(48).starts(with: Array("TimeStamps".utf8)),
        let position = entry.little(Int64.self, at: 12).flatMap({ Int(exactly: $0) }),
        position > 0, position < file.size
      else { continue }
      let data = try file.bytes(at: position + 288, count: 16)[...]
      guard let number = data.little(Int32.self, at: 4), number > 0,
        let first = data.double(at: 8),
        let last = try file.bytes(at: position + 288 + 8 * Int(number), count: 8)[...].double(at: 0)
      else { continue }
      return (Int(number), (last - first) * 1000)
    }
    return (0, 0)
  }
}
