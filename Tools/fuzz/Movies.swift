import Formats
import Foundation
import Microscopy

extension FuzzedReader {
  static let movies = [
    movie("tiff", "a.tif", signatures: tiff),
    movie("ome-companion", "a.companion.ome", beside: [("o.ome.tif", pages(8, text: nil))]),
    movie(
      "ndtiff", "NDTiff.index", opensFolder: true,
      beside: [("NDTiffStack.tif", pages(8, text: nil))]),
    movie("imaris", "a.ims", signatures: [hdf5]),
    movie("sif", "a.sif", signatures: [Array("Andor Technology Multi-Channel File\n".utf8)]),
    FuzzedReader(
      name: "spool", files: ["acquisitionmetadata.ini", "a.sifx"], opensFolder: true,
      fixed: [("0000000000spool.dat", noise(4096)), ("1000000000spool.dat", noise(4096))],
      read: open),
    movie("nd2", "a.nd2", signatures: [[0xDA, 0xCE, 0xBE, 0x0A]]),
    movie("czi", "a.czi", signatures: [Array("ZISRAWFILE".utf8)]),
    movie("lif", "a.lif", signatures: [[0x70, 0, 0, 0]]),
    movie("dax", "a.inf", beside: [("a.dax", noise(4096))]),
    movie("raw", "a.yaml", beside: [("a.raw", noise(4096))]),
    movie("spe", "a.spe"),
    FuzzedReader(
      name: "zarr", files: [".zarray", ".zattrs", "0.0.0"], opensFolder: true,
      fixed: [("0.0.1", noise(512))], read: open),
    FuzzedReader(
      name: "zarr3", files: ["zarr.json", "c/0/0/0"], opensFolder: true, fixed: [], read: open),
    FuzzedReader(
      name: "ome-zarr", files: ["zarr.json", "0/zarr.json"], opensFolder: true, fixed: [],
      read: open),
  ]

  private static func movie(
    _ name: String, _ file: String, opensFolder: Bool = false, beside: [(String, [UInt8])] = [],
    signatures: [[UInt8]] = []
  ) -> FuzzedReader {
    FuzzedReader(
      name: name, files: [file], opensFolder: opensFolder, fixed: beside, signatures: signatures,
      read: open)
  }

  /// Opens all planes, or the first of each axis, and reads frames at both ends and in the middle.
  @Sendable private static func open(_ path: String, first: Bool) throws {
    var options = MovieOptions(acceptsTruncated: true)
    if first {
      for axis in [PlaneAxis.channel, .slice, .position, .series] {
        options.planes[axis] = .number(1)
      }
    }
    let movie =
      try first ? Movies.open(path, options: options) : Movies.openAll(path, options: options)
    let info = movie.info
    // A program asks for the size before it allocates a frame.
    guard info.frameBytes <= 1 << 22, info.frames > 0 else { return }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: info.frameBytes, alignment: 16)
    defer { buffer.deallocate() }
    for frame in Set([0, 1, (info.frames - 1) / 2, info.frames - 1]).sorted()
    where frame < info.frames {
      do { try movie.read(frame..<(frame + 1), into: buffer) } catch is MovieError {}
    }
  }

  private static func noise(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151) }
  }

  /// A little-endian TIFF of small pages of 16-bit pixels.
  private static func pages(_ count: Int, text: String?) -> [UInt8] {
    func word(_ value: Int) -> [UInt8] {
      withUnsafeBytes(of: UInt32(value).littleEndian, Array.init)
    }
    func half(_ value: Int) -> [UInt8] {
      withUnsafeBytes(of: UInt16(value).littleEndian, Array.init)
    }
    // The third word is the mark of NDTiff.
    var bytes =
      Array("II*\0".utf8) + word(32) + word(483_729) + word(3) + [UInt8](repeating: 0, count: 16)
    for page in 0..<count {
      let fields = [
        (256, 4), (257, 3), (258, 16), (259, 1), (262, 1), (273, 0), (277, 1), (278, 3), (279, 24),
      ]
      let pixels = bytes.count + 2 + 12 * fields.count + 4
      bytes += half(fields.count)
      for (tag, value) in fields {
        bytes += half(tag) + half(4) + word(1) + word(tag == 273 ? pixels : value)
      }
      bytes += word(page + 1 < count ? pixels + 24 : 0) + noise(24)
    }
    return bytes
  }
}
