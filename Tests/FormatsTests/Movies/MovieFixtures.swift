import CTIFF
import Compute
import Formats
import Foundation
import Microscopy
import Testing

func testPixels(_ count: Int, seed: UInt64 = 1) -> [UInt16] {
  var noise = SampleGenerator(seed: seed)
  return (0..<count).map { _ in UInt16.random(in: 0...65535, using: &noise) }
}

extension Movie {
  /// The frames as numbers, for any type.
  func pixels(_ frames: Range<Int>) throws -> [Double] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, frames.count * info.frameBytes), alignment: 16)
    defer { buffer.deallocate() }
    try read(frames, into: buffer)
    let count = frames.count * info.width * info.height
    return info.pixel == .uint16
      ? buffer.bindMemory(to: UInt16.self).prefix(count).map(Double.init)
      : buffer.bindMemory(to: Float.self).prefix(count).map(Double.init)
  }

  func allPixels() throws -> [Double] { try pixels(0..<info.frames) }
}

/// The error of opening and reading everything; nil if there is none.
func movieError(_ path: String, options: MovieOptions = MovieOptions()) throws -> MovieError? {
  do {
    _ = try Movies.open(path, options: options).allPixels()
    return nil
  } catch let error as MovieError {
    return error
  }
}

/// Writes pages with libtiff, independently of Glint's own parser.
struct LibTIFF {
  var mode = "w"
  var bits = 16
  var format = 1
  var compression = COMPRESSION_NONE
  var rowsPerStrip = 0
  var tile = 0
  var predictor = 1
  /// 2 stores the bits of every byte in reverse order.
  var fillOrder = 1
  var description: String?

  /// `pages` hold the bytes of a page each, in native order.
  func write(_ pages: [[UInt8]], width: Int, height: Int, to path: String) throws {
    let tiff = try #require(TIFFOpen(path, mode))
    defer { TIFFClose(tiff) }
    let rowBytes = width * bits / 8
    for page in pages {
      set(tiff, TIFFTAG_IMAGEWIDTH, long: width)
      set(tiff, TIFFTAG_IMAGELENGTH, long: height)
      set(tiff, TIFFTAG_BITSPERSAMPLE, short: bits)
      set(tiff, TIFFTAG_SAMPLEFORMAT, short: format)
      set(tiff, TIFFTAG_SAMPLESPERPIXEL, short: 1)
      set(tiff, TIFFTAG_PHOTOMETRIC, short: Int(PHOTOMETRIC_MINISBLACK))
      set(tiff, TIFFTAG_COMPRESSION, short: Int(compression))
      if fillOrder > 1 { set(tiff, TIFFTAG_FILLORDER, short: fillOrder) }
      if predictor > 1 { set(tiff, TIFFTAG_PREDICTOR, short: predictor) }
      if let description {
        _ = glint_tiff_set_text(tiff, UInt32(TIFFTAG_IMAGEDESCRIPTION), description)
      }
      if tile > 0 {
        set(tiff, TIFFTAG_TILEWIDTH, long: tile)
        set(tiff, TIFFTAG_TILELENGTH, long: tile)
        try writeTiles(tiff, page, width: width, height: height)
      } else {
        let rows = rowsPerStrip > 0 ? rowsPerStrip : height
        set(tiff, TIFFTAG_ROWSPERSTRIP, long: rows)
        for (strip, row) in stride(from: 0, to: height, by: rows).enumerated() {
          var bytes = Array(page[(row * rowBytes)..<(min(height, row + rows) * rowBytes)])
          let written = TIFFWriteEncodedStrip(tiff, UInt32(strip), &bytes, tmsize_t(bytes.count))
          #expect(written == bytes.count)
        }
      }
      #expect(TIFFWriteDirectory(tiff) == 1)
    }
  }

  private func writeTiles(_ tiff: OpaquePointer, _ page: [UInt8], width: Int, height: Int) throws {
    let size = bits / 8
    var index: UInt32 = 0
    for y in stride(from: 0, to: height, by: tile) {
      for x in stride(from: 0, to: width, by: tile) {
        var bytes = [UInt8](repeating: 0, count: tile * tile * size)
        for row in 0..<min(tile, height - y) {
          let from = ((y + row) * width + x) * size
          let count = min(tile, width - x) * size
          bytes.replaceSubrange(
            (row * tile * size)..<(row * tile * size + count), with: page[from..<(from + count)])
        }
        #expect(TIFFWriteEncodedTile(tiff, index, &bytes, tmsize_t(bytes.count)) == bytes.count)
        index += 1
      }
    }
  }

  private func set(_ tiff: OpaquePointer, _ tag: Int32, long value: Int) {
    _ = glint_tiff_set_u32(tiff, UInt32(tag), UInt32(value))
  }

  private func set(_ tiff: OpaquePointer, _ tag: Int32, short value: Int) {
    _ = glint_tiff_set_u16(tiff, UInt32(tag), UInt16(value))
  }
}

extension Array where Element: BitwiseCopyable {
  /// The bytes of the elements in native order.
  var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}

/// A TIFF assembled by hand, so that it can have the irregularities of real files.
struct HandTIFF {
  var bytes: [UInt8] = [0x49, 0x49, 42, 0, 0, 0, 0, 0]
  /// Where the position of the next directory must be written.
  private(set) var link = 4
  private(set) var directories: [Int] = []
  /// Positions of the pixels of each page.
  private(set) var pixelPositions: [Int] = []

  init(header: [UInt8] = []) { bytes += header }

  mutating func put(_ value: UInt32, at position: Int) {
    for i in 0..<4 { bytes[position + i] = UInt8(truncatingIfNeeded: value >> UInt32(8 * i)) }
  }

  /// Adds pixels and their directory; `extra` are further tags with one long each, `tables` tags
  /// with bytes that lie behind the pixels.
  mutating func page(
    _ pixels: [UInt16], width: Int, height: Int, description: String? = nil,
    extra: [(tag: Int, value: Int)] = [], bits: Int = 16, samples: Int = 1, photometric: Int = 1,
    tables: [(tag: Int, type: Int, count: Int, bytes: [UInt8])] = []
  ) {
    var text = 0
    if let description {
      text = bytes.count
      bytes += Array(description.utf8) + [0]
    }
    let data = bytes.count
    bytes += pixels.map(\.littleEndian).bytes
    pixelPositions.append(data)
    var entries: [(tag: Int, type: Int, count: Int, value: Int)] = [
      (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, bits), (259, 3, 1, 1),
      (262, 3, 1, photometric),
      (273, 4, 1, data), (277, 3, 1, samples), (278, 4, 1, height), (279, 4, 1, pixels.count * 2),
    ]
    if let description { entries.append((270, 2, description.utf8.count + 1, text)) }
    entries += extra.map { ($0.tag, 4, 1, $0.value) }
    for table in tables {
      entries.append((table.tag, table.type, table.count, bytes.count))
      bytes += table.bytes
    }
    entries.sort { $0.tag < $1.tag }
    let position = bytes.count
    put(UInt32(position), at: link)
    directories.append(position)
    bytes += [UInt16(entries.count).littleEndian].bytes
    for entry in entries {
      bytes += [UInt16(entry.tag).littleEndian, UInt16(entry.type).littleEndian].bytes
      bytes += [UInt32(entry.count).littleEndian, UInt32(entry.value).littleEndian].bytes
    }
    link = bytes.count
    bytes += [0, 0, 0, 0]
  }
}

/// Checks that a movie is rejected as truncated after `frames` frames, with `what` in the message,
/// and that these frames can be read if the caller accepts that. Returns the file that the error
/// names.
@discardableResult
func expectTruncated(
  _ path: String, frames: Int, _ what: String, location: SourceLocation = #_sourceLocation
) throws -> String {
  let error = try #require(try movieError(path), sourceLocation: location)
  #expect(error.kind == .truncated && error.frame == frames, "\(error)", sourceLocation: location)
  #expect(error.what.contains(what), "\(error)", sourceLocation: location)
  #expect(error.hint?.text().contains("frames 0:\(frames)") == true, sourceLocation: location)
  let movie = try Movies.open(path, options: MovieOptions(acceptsTruncated: true))
  #expect(movie.info.frames == frames, sourceLocation: location)
  #expect(
    try movie.allPixels().count == frames * movie.info.width * movie.info.height,
    sourceLocation: location)
  return error.file
}
