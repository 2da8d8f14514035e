import CTIFF
import Foundation
import Microscopy

/// One-page TIFF of the values themselves, and the pixel size.
enum TIFFPicture {
  private static let largestClassic = 4_000_000_000
  private static let stripBytes = 1 << 20

  static func write(
    _ image: Image, to path: String, sample: Images.Sample, provenance: [ProvenanceStep],
    overwrite: Bool
  ) throws {
    let file = try StagedFile(path: path, overwrite: overwrite)
    glint_tiff_quiet()
    let sampleBytes = sample == .float32 ? 4 : 2
    let bytes = image.pixels.count * sampleBytes
    guard let tiff = TIFFOpen(file.temporary, bytes > largestClassic ? "w8" : "w") else {
      throw OutputError(errno: errno, path: path)
    }
    defer { TIFFClose(tiff) }
    let rowBytes = image.width * sampleBytes
    let rowsPerStrip = max(1, min(image.height, stripBytes / rowBytes))
    try tag(tiff, image, sample: sample, rowsPerStrip: rowsPerStrip, provenance: provenance)
    var strip: UInt32 = 0
    for first in stride(from: 0, to: image.height, by: rowsPerStrip) {
      let rows = min(rowsPerStrip, image.height - first)
      let values = image.pixels[first * image.width..<(first + rows) * image.width]
      let data = try sample == .float32 ? bytesOf(values) : bytesOf(whole(values, path: path))
      errno = 0
      let written = data.withUnsafeBytes { buffer in
        TIFFWriteEncodedStrip(
          tiff, strip, UnsafeMutableRawPointer(mutating: buffer.baseAddress!),
          tmsize_t(buffer.count))
      }
      guard Int(written) == data.count else { throw failure(path, bytes) }
      strip += 1
    }
    errno = 0
    guard TIFFWriteDirectory(tiff) == 1 else { throw failure(path, bytes) }
    try file.commit()
  }

  private static func tag(
    _ tiff: OpaquePointer, _ image: Image, sample: Images.Sample, rowsPerStrip: Int,
    provenance: [ProvenanceStep]
  ) throws {
    _ = glint_tiff_set_u32(tiff, UInt32(TIFFTAG_IMAGEWIDTH), UInt32(image.width))
    _ = glint_tiff_set_u32(tiff, UInt32(TIFFTAG_IMAGELENGTH), UInt32(image.height))
    _ = glint_tiff_set_u32(tiff, UInt32(TIFFTAG_ROWSPERSTRIP), UInt32(rowsPerStrip))
    let isFloat = sample == .float32
    for (tag, value) in [
      (TIFFTAG_BITSPERSAMPLE, isFloat ? 32 : 16), (TIFFTAG_SAMPLESPERPIXEL, 1),
      (TIFFTAG_SAMPLEFORMAT, isFloat ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT),
      (TIFFTAG_COMPRESSION, COMPRESSION_NONE), (TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK),
      (TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG),
    ] { _ = glint_tiff_set_u16(tiff, UInt32(tag), UInt16(value)) }
    if let size = image.pixelSize, size > 0 {
      _ = glint_tiff_set_u16(tiff, UInt32(TIFFTAG_RESOLUTIONUNIT), UInt16(RESUNIT_CENTIMETER))
      _ = glint_tiff_set_f32(tiff, UInt32(TIFFTAG_XRESOLUTION), Float(1e7 / size))
      _ = glint_tiff_set_f32(tiff, UInt32(TIFFTAG_YRESOLUTION), Float(1e7 / size))
    }
    let notes = Images.Notes(pixelSize: image.pixelSize, steps: provenance)
    _ = glint_tiff_set_text(tiff, UInt32(TIFFTAG_SOFTWARE), "Glint \(glintVersion)")
    _ = glint_tiff_set_text(tiff, UInt32(TIFFTAG_IMAGEDESCRIPTION), try notes.text)
  }

  private static func whole(_ values: ArraySlice<Float>, path: String) throws -> ArraySlice<UInt16>
  {
    try values.map { value in
      guard let whole = UInt16(exactly: value.rounded()) else {
        throw OutputError.failed(path: path, reason: "the value \(value) does not fit 16 bits")
      }
      return whole
    }[...]
  }

  private static func bytesOf<T>(_ values: ArraySlice<T>) -> Data {
    values.withUnsafeBytes { Data($0) }
  }

  /// If the system gave no reason, a strip that could not be written means a full disk.
  private static func failure(_ path: String, _ bytes: Int) -> OutputError {
    OutputError(errno: errno == 0 ? ENOSPC : errno, path: path, needed: bytes)
  }
}
