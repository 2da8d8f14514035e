/// Writes LIF files from the layout.
struct LIFFile {
  struct Image {
    var name: String
    /// DimID, number of elements, bytes from one to the next.
    var dimensions: [(Int, Int, Int)]
    var channels = [("Gray", 0)]
    var bits = 8
    var isFloat = false
    var data: [UInt8]
  }

  var version: Int
  var images: [Image] = []
  var reversesBlocks = false

  init(version: Int) { self.version = version }

  private func part(_ text: String) -> [UInt8] {
    joined([0x2A], le(UInt32(text.utf16.count)), text.utf16.flatMap { le($0) })
  }

  var xml: String {
    let elements = images.enumerated().map { (number, image) -> String in
      let channels = image.channels.map {
        "<ChannelDescription DataType=\"\(image.isFloat ? 1 : 0)\" Resolution=\"\(image.bits)\" "
          + "LUTName=\"\($0.0)\" BytesInc=\"\($0.1)\"/>"
      }
      let dimensions = image.dimensions.map {
        "<DimensionDescription DimID=\"\($0.0)\" NumberOfElements=\"\($0.1)\" "
          + "Length=\"\($0.0 == 4 ? 0.006 : 1e-6)\" BytesInc=\"\($0.2)\"/>"
      }
      // An element without pixels inside of an image has a block of its own.
      return
        "<Element Name=\"\(image.name)\"><Data><Image><Channels>\(channels.joined())</Channels>"
        + "<Dimensions>\(dimensions.joined())</Dimensions>"
        + "<TimeStampList>1d71114eb8b44f0 1d71114ebdc2410</TimeStampList>"
        + "<WideFieldChannelInfo ExposureTime=\"0.03\"/></Image></Data><Children>"
        + "<Element Name=\"ROI\"><Memory Size=\"0\" MemoryBlockID=\"M_none\"/></Element></Children>"
        + "<Memory Size=\"\(image.data.count)\" MemoryBlockID=\"M\(number)\"/></Element>"
    }
    return "<LMSDataContainerHeader Version=\"\(version)\"><Element Name=\"P\"><Memory Size=\"0\" "
      + "MemoryBlockID=\"M_root\"/><Children>\(elements.joined())</Children></Element>"
      + "</LMSDataContainerHeader>"
  }

  var bytes: [UInt8] {
    let text = part(xml)
    var file = joined(le(UInt32(0x70)), le(UInt32(text.count)), text)
    var blocks: [(String, [UInt8])] = images.enumerated().map { ("M\($0)", $1.data) }
    blocks.append(("M_root", []))
    if reversesBlocks { blocks.reverse() }
    for (name, data) in blocks {
      let size = version >= 2 ? le(UInt64(data.count)) : le(UInt32(data.count))
      let head = joined([0x2A], size, part(name))
      file += joined(le(UInt32(0x70)), le(UInt32(head.count)), head, data)
    }
    return file
  }
}
