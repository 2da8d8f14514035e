import CTIFF
import Microscopy

/// Camera maps as a TIFF of three pages: offset, variance, gain.
enum CameraTIFF {
  static func read(_ path: String) throws -> CameraMaps {
    glint_tiff_quiet()
    guard let tiff = TIFFOpen(path, "r") else {
      throw CameraFileError.damaged(path: path, reason: "the TIFF library cannot open it")
    }
    defer { TIFFClose(tiff) }
    var pages: [(width: Int, height: Int, values: [Float])] = []
    repeat {
      guard pages.count < 3 else {
        throw CameraFileError.unknownKind(path: path, found: "a TIFF of more than 3 pages")
      }
      pages.append(try page(tiff, number: pages.count, path: path))
    } while TIFFReadDirectory(tiff) == 1
    guard pages.count == 3 else {
      throw CameraFileError.unknownKind(
        path: path, found: "a TIFF of \(pages.count) pages, where 3 are expected")
    }
    let (width, height) = (pages[0].width, pages[0].height)
    guard pages.allSatisfy({ $0.width == width && $0.height == height }) else {
      throw CameraFileError.damaged(path: path, reason: "its pages differ in size")
    }
    return CameraMaps(
      width: width, height: height, offset: pages[0].values, variance: pages[1].values,
      gain: pages[2].values)
  }

  private static func page(_ tiff: OpaquePointer, number: Int, path: String) throws -> (
    width: Int, height: Int, values: [Float]
  ) {
    func damaged(_ reason: String) -> CameraFileError {
      .damaged(path: path, reason: "page \(number + 1) \(reason)")
    }
    var (width, height) = (UInt32(0), UInt32(0))
    var (bits, samples, format) = (UInt16(1), UInt16(1), UInt16(1))
    _ = glint_tiff_get_u32(tiff, UInt32(TIFFTAG_IMAGEWIDTH), &width)
    _ = glint_tiff_get_u32(tiff, UInt32(TIFFTAG_IMAGELENGTH), &height)
    _ = glint_tiff_get_u16(tiff, UInt32(TIFFTAG_BITSPERSAMPLE), &bits)
    _ = glint_tiff_get_u16(tiff, UInt32(TIFFTAG_SAMPLESPERPIXEL), &samples)
    _ = glint_tiff_get_u16(tiff, UInt32(TIFFTAG_SAMPLEFORMAT), &format)
    guard (1...65_536).contains(width), (1...65_536).contains(height), samples == 1 else {
      throw damaged("is \(width) × \(height) pixels of \(samples) samples")
    }
    guard TIFFIsTiled(tiff) == 0 else {
      throw CameraFileError.unknownKind(path: path, found: "a tiled TIFF, where strips are expected")
    }
    let convert: (UnsafeRawBufferPointer, Int) -> Float
    switch (Int32(format), bits) {
    case (SAMPLEFORMAT_IEEEFP, 32): convert = { $0.loadUnaligned(fromByteOffset: $1 * 4, as: Float.self) }
    case (SAMPLEFORMAT_IEEEFP, 64):
      convert = { Float($0.loadUnaligned(fromByteOffset: $1 * 8, as: Double.self)) }
    case (SAMPLEFORMAT_UINT, 8): convert = { Float($0[$1]) }
    case (SAMPLEFORMAT_UINT, 16):
      convert = { Float($0.loadUnaligned(fromByteOffset: $1 * 2, as: UInt16.self)) }
    case (SAMPLEFORMAT_UINT, 32):
      convert = { Float($0.loadUnaligned(fromByteOffset: $1 * 4, as: UInt32.self)) }
    default: throw damaged("has \(bits)-bit values of format \(format), which are not read")
    }
    // The library's own figure: a row is never longer than its buffer.
    var row = [UInt8](repeating: 0, count: max(Int(TIFFScanlineSize(tiff)), Int(width) * Int(bits) / 8))
    var values: [Float] = []
    for line in 0..<height {
      guard TIFFReadScanline(tiff, &row, line, 0) == 1 else {
        throw damaged("cannot be read from row \(line) on")
      }
      row.withUnsafeBytes { bytes in values += (0..<Int(width)).map { convert(bytes, $0) } }
    }
    return (Int(width), Int(height), values)
  }
}
