import Foundation

/// Small ND2, CZI and LIF files that use every part of their readers.
enum MicroscopeFiles {
  static func all() throws -> [(name: String, bytes: [UInt8])] {
    nd2.enumerated().map { ("\($0.offset).nd2", $0.element.bytes) }
      + czi.enumerated().map { ("\($0.offset).czi", $0.element.bytes) }
      + lif.enumerated().map { ("\($0.offset).lif", $0.element.bytes) }
  }

  static var nd2: [ND2File] {
    var plain = ND2File(width: 5, height: 3, rowBytes: 12)
    plain.frames = (0..<8).map { plain.rows(testPixels(15, seed: $0)) }
    plain.experiment = .nested([
      ND2File.loop(1, [.uint32("uiCount", 2)]), ND2File.loop(4, [.uint32("uiCount", 4)]),
    ])
    plain.picture = .level(
      "SLxPictureMetadata",
      [
        .double("dCalibration", 0.16), .double("dTimeAbsolute", 2_460_762.5),
        .level(
          "sPicturePlanes",
          [
            .level("sPlaneNew", [.level("a0", [.text("sDescription", "GFP")])]),
            .level("sSampleSetting", [.level("a0", [.double("dExposureTime", 30)])]),
          ]),
      ])
    plain.texts = .level(
      "SLxImageTextInfo", [.text("TextInfoItem_6", "Exposure: 30 ms\r\nMultiplier: 300")])
    var packed = plain
    packed.isCompressed = true
    packed.packsMetadata = true
    var interrupted = plain
    interrupted.hasMap = false
    interrupted.attributesLast = true
    var old = ND2File(width: 2, height: 3, rowBytes: 8, bits: 8, components: 3)
    old.frames = (0..<3).map { [UInt8](repeating: UInt8($0), count: 24) }
    old.isXML = true
    old.experiment = ND2File.loop(
      2, [.level("Points", [.level("a", [.text("dPosName", "A")]), .level("b", [])])])
    return [plain, packed, interrupted, old]
  }

  static var czi: [CZIFile] {
    var plain = CZIFile()
    for t in 0..<3 {
      for (c, z) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        plain.planes.append(
          CZIFile.Plane(
            dimensions: ["T": t, "C": c, "Z": z, "M": 0, "B": 0], size: (4, 3),
            data: testPixels(12, seed: UInt64(t)).flatMap { le($0) }))
      }
    }
    plain.planes.append(CZIFile.Plane(dimensions: ["T": 0], size: (2, 2), data: [0, 0, 0, 0]))
    plain.planes[12].pyramid = 1
    plain.xml = CZIFile.document(
      "<Information><Image><Dimensions><Channels><Channel Name=\"A\"><ExposureTime>3E7"
        + "</ExposureTime></Channel></Channels></Dimensions></Image></Information><Scaling><Items>"
        + "<Distance Id=\"X\"><Value>1.0E-7</Value></Distance></Items></Scaling>")
    plain.times = [1, 2, 3]
    var packed = CZIFile()
    for t in 0..<3 {
      let bytes = testPixels(12, seed: UInt64(t)).flatMap { le($0) }
      packed.planes.append(
        CZIFile.Plane(
          dimensions: ["T": t, "S": 0], size: (4, 3), compression: Int32(4 + max(1, t)),
          data: (t == 2 ? [3, 1, 1] : []) + CZIFile.zstd(bytes)))
      packed.planes.append(
        CZIFile.Plane(
          dimensions: ["T": t, "S": 1], size: (2, 1), pixelType: 3, data: [1, 2, 3, 4, 5, 6]))
    }
    var interrupted = plain
    interrupted.hasDirectory = false
    interrupted.isPending = true
    return [plain, packed, interrupted]
  }

  static var lif: [LIFFile] {
    var alike = LIFFile(version: 2)
    let image = LIFFile.Image(
      name: "A", dimensions: [(1, 3, 2), (2, 2, 12), (3, 2, 24), (4, 2, 48), (10, 2, 96)],
      channels: [("Green", 0), ("Red", 6)], bits: 12, data: [UInt8](repeating: 1, count: 192))
    alike.images = [image, image]
    var different = LIFFile(version: 1)
    different.images = [
      LIFFile.Image(
        name: "B", dimensions: [(1, 2, 3), (3, 2, 8)], channels: [("Blue", 0), ("Green", 1)],
        data: [UInt8](repeating: 2, count: 16)), image,
    ]
    return [alike, different]
  }
}
