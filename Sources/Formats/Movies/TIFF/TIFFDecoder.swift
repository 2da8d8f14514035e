import CTIFF
import Foundation
import Microscopy
import Reporting

/// Reads compressed and tiled pages with libtiff, with one handle per concurrent reader.
final class TIFFDecoder: Sendable {
  private let file: FileBytes
  private let idle = Guarded<[Handle]>([])

  init(_ file: FileBytes) { self.file = file }

  /// Whether this libtiff decodes the compression into the pixels that the tags describe.
  static func canDecode(_ compression: Int) -> Bool {
    // SGI's LogLuv schemes deliver colours, not camera values.
    guard let scheme = UInt16(exactly: compression), scheme != 34676, scheme != 34677 else {
      return false
    }
    return scheme == 1 || TIFFIsCODECConfigured(scheme) == 1
  }

  /// Decodes the page into `target`, in the delivered type and the host's byte order.
  func decode(
    _ page: TIFFDirectory, _ format: TIFFFormat, into target: UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    let handle: Handle
    if let free = idle.withLock({ $0.popLast() }) {
      handle = free
    } else if let new = Handle(file) {
      handle = new
    } else {
      throw failure("libtiff cannot open the file", page, nil)
    }
    defer { idle.withLock { $0.append(handle) } }

    let pixels = format.shape.width * format.shape.height

    guard TIFFSetSubDirectory(handle.tiff, UInt64(page.position)) == 1 else {
      throw failure("libtiff cannot read the directory of a page", page, handle)
    }
    try check(handle, page, format)
    if format.sample != .float64 {
      try decode(
        handle, page, format, into: PixelStorage.tail(of: target, format.sample, pixels))
      PixelStorage(sample: format.sample, bigEndian: PixelStorage.hostIsBigEndian)
        .deliver(pixels, in: target, swapped: false)
    } else {
      // float64 is wider than the delivered type, so it is decoded into a separate frame and
      // narrowed.
      let wide = UnsafeMutableRawBufferPointer.allocate(
        byteCount: format.shape.bytes, alignment: 16)
      defer { wide.deallocate() }
      try decode(handle, page, format, into: wide)
      for i in 0..<pixels {
        let value = Float(wide.load(fromByteOffset: i * 8, as: Double.self))
        target.storeBytes(of: value, toByteOffset: i * 4, as: Float.self)
      }
    }
  }

  /// Checks that libtiff agrees with the directory that Glint read, so that no buffer is too small.
  private func check(
    _ handle: Handle, _ page: TIFFDirectory, _ format: TIFFFormat
  ) throws(MovieError) {
    let tiff = handle.tiff
    var width: UInt32 = 0
    var height: UInt32 = 0
    var bits: UInt16 = 0
    var samples: UInt16 = 0
    guard glint_tiff_get_u32(tiff, UInt32(TIFFTAG_IMAGEWIDTH), &width) == 1,
      glint_tiff_get_u32(tiff, UInt32(TIFFTAG_IMAGELENGTH), &height) == 1,
      glint_tiff_get_u16(tiff, UInt32(TIFFTAG_BITSPERSAMPLE), &bits) == 1,
      glint_tiff_get_u16(tiff, UInt32(TIFFTAG_SAMPLESPERPIXEL), &samples) == 1,
      Int(width) == format.shape.width, Int(height) == format.shape.height,
      Int(bits) == format.sample.bytes * 8, samples == 1
    else { throw failure("the tags of a page contradict each other", page, handle) }
  }

  private func decode(
    _ handle: Handle, _ page: TIFFDirectory, _ format: TIFFFormat,
    into target: UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    if TIFFIsTiled(handle.tiff) != 0 {
      try decodeTiles(handle, page, format, into: target)
    } else {
      try decodeStrips(handle, page, format, into: target)
    }
  }

  private func decodeStrips(
    _ handle: Handle, _ page: TIFFDirectory, _ format: TIFFFormat,
    into target: UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    let (tiff, shape) = (handle.tiff, format.shape)
    let rowBytes = shape.bytes / shape.height
    var stated: UInt32 = 0
    _ = glint_tiff_get_u32(tiff, UInt32(TIFFTAG_ROWSPERSTRIP), &stated)
    let rows = min(max(1, Int(stated)), shape.height)
    guard Int(TIFFNumberOfStrips(tiff)) == (shape.height + rows - 1) / rows else {
      throw failure("a page has the wrong number of strips", page, handle)
    }
    for (strip, row) in stride(from: 0, to: shape.height, by: rows).enumerated() {
      let bytes = min(rows, shape.height - row) * rowBytes
      let got = TIFFReadEncodedStrip(
        tiff, UInt32(strip), target.baseAddress! + row * rowBytes, tmsize_t(bytes))
      guard got == bytes else { throw failure("strip \(strip) cannot be decoded", page, handle) }
    }
  }

  private func decodeTiles(
    _ handle: Handle, _ page: TIFFDirectory, _ format: TIFFFormat,
    into target: UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    let shape = format.shape
    var width: UInt32 = 0
    var height: UInt32 = 0
    _ = glint_tiff_get_u32(handle.tiff, UInt32(TIFFTAG_TILEWIDTH), &width)
    _ = glint_tiff_get_u32(handle.tiff, UInt32(TIFFTAG_TILELENGTH), &height)
    guard width > 0, height > 0, width <= FrameShape.mostPixels, height <= FrameShape.mostPixels,
      Int(width) * Int(height) <= FrameShape.mostPixels
    else {
      throw failure("a tile size of \(width) x \(height) pixels is not possible", page, handle)
    }
    let tileWidth = Int(width)
    let tileHeight = Int(height)
    let bytes = format.sample.bytes
    let tileBytes = tileWidth * tileHeight * bytes
    let across = (shape.width + tileWidth - 1) / tileWidth
    let down = (shape.height + tileHeight - 1) / tileHeight
    guard Int(TIFFNumberOfTiles(handle.tiff)) == across * down,
      TIFFTileSize(handle.tiff) == tileBytes
    else { throw failure("a page has the wrong number of tiles", page, handle) }
    let tile = handle.scratch(tileBytes)
    for index in 0..<(across * down) {
      let got = TIFFReadEncodedTile(
        handle.tiff, UInt32(index), tile.baseAddress!, tmsize_t(tileBytes))
      guard got == tileBytes else { throw failure("tile \(index) cannot be decoded", page, handle) }
      let x = index % across * tileWidth
      let y = index / across * tileHeight
      let rowBytes = min(tileWidth, shape.width - x) * bytes
      for row in 0..<min(tileHeight, shape.height - y) {
        let source = tile.baseAddress! + row * tileWidth * bytes
        (target.baseAddress! + ((y + row) * shape.width + x) * bytes).copyMemory(
          from: source, byteCount: rowBytes)
      }
    }
  }

  private func failure(_ what: String, _ page: TIFFDirectory, _ handle: Handle?) -> MovieError {
    if let number = handle?.takeError() {
      let reason = String(cString: strerror(number)).lowercased()
      return MovieError(
        .unreadable, "cannot be read: \(reason)", file: file.path, byte: page.position)
    }
    let words = String(cString: glint_tiff_words())
    return MovieError(
      .readFailed, words.isEmpty ? what : "\(what) (libtiff: \(words))", file: file.path,
      byte: page.position)
  }

  /// A libtiff handle and its tile.
  ///
  /// `@unchecked Sendable`: `idle` hands it to one thread at a time.
  private final class Handle: @unchecked Sendable {
    let tiff: OpaquePointer
    private var tile = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    private let source: UnsafeMutablePointer<glint_tiff_source>
    /// Keeps the descriptor open.
    private let file: FileBytes

    init?(_ file: FileBytes) {
      glint_tiff_quiet()
      self.file = file
      source = .allocate(capacity: 1)
      source.initialize(
        to: glint_tiff_source(
          descriptor: file.file.descriptor, error: 0, position: 0, size: UInt64(file.size)))
      // m: no memory map (a file that shrinks would kill the process); h: no first directory;
      // O: tables of strips on demand.
      guard let tiff = glint_tiff_open(file.path, "rmhO", source) else {
        source.deallocate()
        return nil
      }
      self.tiff = tiff
    }

    deinit {
      TIFFClose(tiff)
      source.deallocate()
      tile.deallocate()
    }

    /// The system's number of the last failed read; nil if none failed.
    func takeError() -> Int32? {
      defer { source.pointee.error = 0 }
      return source.pointee.error == 0 ? nil : source.pointee.error
    }

    func scratch(_ bytes: Int) -> UnsafeMutableRawBufferPointer {
      if tile.count < bytes {
        tile.deallocate()
        tile = .allocate(byteCount: bytes, alignment: 16)
      }
      return tile
    }
  }
}
