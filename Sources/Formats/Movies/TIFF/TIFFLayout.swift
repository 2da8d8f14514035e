/// The structure of a TIFF: byte order, classic or BigTIFF, and reading of one directory.
struct TIFFLayout: Sendable {
  let file: FileBytes
  let bigEndian: Bool
  /// BigTIFF: 64-bit positions.
  let isBig: Bool
  /// Position of the first directory; 0 if there is none.
  let first: Int

  /// Parses the header of a TIFF: `II` or `MM`, then 42 (classic) or 43 (BigTIFF).
  static func isTIFF(_ head: [UInt8]) -> Bool {
    head.starts(with: [0x49, 0x49, 42, 0]) || head.starts(with: [0x4D, 0x4D, 0, 42])
      || head.starts(with: [0x49, 0x49, 43, 0]) || head.starts(with: [0x4D, 0x4D, 0, 43])
  }

  init(_ file: FileBytes) throws(MovieError) {
    let head = try file.bytes(at: 0, count: 16)
    let reader = ByteReader(bytes: head, bigEndian: head.first == 0x4D)
    isBig = reader.integer(UInt16.self, at: 2) == 43
    bigEndian = reader.bigEndian
    self.file = file
    let position =
      isBig
      ? reader.integer(UInt64.self, at: 8) : reader.integer(UInt32.self, at: 4).map(UInt64.init)
    guard let position else {
      throw MovieError(
        .truncated, "the file has \(file.size) bytes, less than the header of a TIFF",
        file: file.path)
    }
    guard !isBig || reader.integer(UInt16.self, at: 4) == 8 else {
      throw MovieError(
        .unsupported, "the BigTIFF has offsets that are not 8 bytes long", file: file.path, byte: 4)
    }
    first = Int(exactly: position) ?? Int.max
  }

  var entryBytes: Int { isBig ? 20 : 12 }

  /// The directory at `position`. Throws if it extends beyond the file or is invalid.
  ///
  /// Nothing is allocated, so that long chains of directories can be walked quickly.
  func directory(at position: Int) throws(MovieError) -> TIFFDirectory {
    guard position > 0, position < file.size else {
      throw MovieError(
        .truncated, "the directory of a page lies outside the file", file: file.path,
        byte: position)
    }
    // One KiB on the stack holds a typical directory; larger ones are read in parts.
    var result: Result<TIFFDirectory, MovieError>?
    withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
      do throws(MovieError) {
        result = .success(try parse(at: position, through: buffer))
      } catch { result = .failure(error) }
    }
    return try result!.get()
  }

  private func parse(
    at position: Int, through buffer: UnsafeMutableRawBufferPointer
  ) throws(MovieError) -> TIFFDirectory {
    var windowStart = position
    var windowBytes = try file.readAvailable(at: position, into: buffer)
    let countBytes = isBig ? 8 : 2
    let nextBytes = isBig ? 8 : 4
    let broken = MovieError(
      .truncated, "the directory of a page is truncated or invalid", file: file.path,
      byte: position)
    guard windowBytes >= countBytes else { throw broken }
    let count = isBig ? number(buffer, 0, 8) : number(buffer, 0, 2)
    guard count > 0, count <= 65535 else { throw broken }
    let end = position + countBytes + Int(count) * entryBytes
    guard end + nextBytes <= file.size else { throw broken }

    var directory = TIFFDirectory(position: position)
    directory.bytes = end + nextBytes - position
    var at = position + countBytes
    while at < end + nextBytes {
      // The entries are followed by the position of the next directory.
      let bytes = at < end ? entryBytes : nextBytes
      if at + bytes > windowStart + windowBytes {
        windowStart = at
        windowBytes = try file.readAvailable(at: at, into: buffer)
        guard windowBytes >= bytes else { throw broken }
      }
      let local = at - windowStart
      guard at < end else {
        directory.next = Int(clamping: number(buffer, local, nextBytes))
        break
      }
      let field = TIFFField(
        type: Int(number(buffer, local + 2, 2)),
        count: Int(clamping: number(buffer, local + 4, isBig ? 8 : 4)),
        value: number(buffer, local + (isBig ? 12 : 8), isBig ? 8 : 4),
        valuePosition: at + (isBig ? 12 : 8))
      if field.count > inlineBytes / field.valueBytes, field.count <= file.size / field.valueBytes {
        directory.bytes &+= field.count * field.valueBytes
      }
      try directory.take(tag: Int(number(buffer, local, 2)), field, self)
      at += entryBytes
    }
    return directory
  }

  private func number(_ buffer: UnsafeMutableRawBufferPointer, _ offset: Int, _ bytes: Int)
    -> UInt64
  {
    func load<T: FixedWidthInteger>(_: T.Type) -> T {
      let raw = buffer.loadUnaligned(fromByteOffset: offset, as: T.self)
      return bigEndian ? T(bigEndian: raw) : T(littleEndian: raw)
    }
    return switch bytes {
    case 2: UInt64(load(UInt16.self))
    case 4: UInt64(load(UInt32.self))
    default: load(UInt64.self)
    }
  }

  // MARK: values

  /// Bytes in the value part of a directory entry.
  private var inlineBytes: Int { isBig ? 8 : 4 }

  /// The position of the first value of a field.
  private func position(of field: TIFFField) -> Int {
    field.count <= inlineBytes / field.valueBytes
      ? field.valuePosition : Int(clamping: field.value)
  }

  /// The single value of a field that fits into its entry; nil otherwise.
  func scalar(_ field: TIFFField) -> Int? {
    guard field.count > 0, field.valueBytes <= inlineBytes else { return nil }
    guard field.count <= inlineBytes / field.valueBytes else { return nil }
    // A short value is at the start of the entry's value field, in either byte order.
    let unused = UInt64((inlineBytes - field.valueBytes) * 8)
    let value =
      bigEndian
      ? field.value >> unused : field.value & (UInt64.max >> UInt64(64 - field.valueBytes * 8))
    return Int(clamping: value)
  }

  /// The value of a field whose values are all equal, one for each sample of a pixel; nil otherwise.
  func uniform(_ field: TIFFField) throws(MovieError) -> Int? {
    if field.count == 1 { return scalar(field) }
    guard field.count <= Int(UInt16.max) else { return nil }
    return try MovieError.ifWhole { () throws(MovieError) in
      var result: Int?
      try forEachValue(of: field) { index, value in
        if index > 0, value != result { result = nil } else { result = value }
        return result != nil
      }
      return result
    } ?? nil
  }

  /// Calls `body` with every value of an integer field, without allocating; false stops.
  func forEachValue(
    of field: TIFFField, _ body: (_ index: Int, _ value: Int) -> Bool
  ) throws(MovieError) {
    let bytes = field.valueBytes
    let start = position(of: field)
    guard [2, 4, 8].contains(bytes), start >= 0, field.count <= file.size / bytes,
      start <= file.size - field.count * bytes
    else {
      throw MovieError(
        .truncated, "the table of a page lies outside the file", file: file.path, byte: start)
    }
    var failure: MovieError?
    withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
      let portion = 1024 / bytes
      for first in stride(from: 0, to: field.count, by: portion) {
        let count = min(portion, field.count - first)
        do throws(MovieError) {
          try file.read(
            at: start + first * bytes,
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * bytes)]))
        } catch {
          failure = error
          return
        }
        for i in 0..<count
        where !body(first + i, Int(clamping: number(buffer, i * bytes, bytes))) { return }
      }
    }
    if let failure { throw failure }
  }

  /// The text of a field, at most `limit` bytes, up to its first NUL.
  func text(_ field: TIFFField?, limit: Int = 1 << 20) throws(MovieError) -> String {
    guard let field, field.valueBytes == 1 else { return "" }
    let bytes = try file.bytes(at: position(of: field), count: min(field.count, limit))
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The bytes behind a field that has more values than fit into its entry.
  func bytes(of field: TIFFField, count: Int) throws(MovieError) -> ByteReader {
    ByteReader(
      bytes: try file.bytes(at: Int(clamping: field.value), count: count), bigEndian: bigEndian)
  }

  /// The value of an unsigned rational field; nil if there is none.
  func rational(_ field: TIFFField?) throws(MovieError) -> Double? {
    guard let field, field.type == 5, field.count > 0 else { return nil }
    let reader = ByteReader(
      bytes: try file.bytes(at: position(of: field), count: 8), bigEndian: bigEndian)
    guard let numerator = reader.integer(UInt32.self, at: 0),
      let denominator = reader.integer(UInt32.self, at: 4), denominator > 0
    else { return nil }
    return Double(numerator) / Double(denominator)
  }
}

/// One entry of a directory.
struct TIFFField: Sendable {
  var type: Int
  var count: Int
  /// The value part of the entry as a number in the file's byte order.
  var value: UInt64
  /// Where that part lies in the file.
  var valuePosition: Int

  /// Bytes of one value of this type.
  var valueBytes: Int {
    switch type {
    case 3, 8: 2
    case 4, 9, 11, 13: 4
    case 5, 10, 12, 16, 17, 18: 8
    default: 1
    }
  }
}

/// The fields of a page's directory that Glint uses.
struct TIFFDirectory: Sendable {
  var position: Int
  var width = 0
  var height = 0
  var bits = 1
  var sampleFormat = 1
  var samples = 1
  var compression = 1
  var rowsPerStrip = Int.max
  var isTiled = false
  var isReduced = false
  /// Whether the bits of each byte are in reverse order, which libtiff corrects.
  var isMirrored = false
  var offsets: TIFFField?
  var counts: TIFFField?
  var description: TIFFField?
  var xResolution: TIFFField?
  /// MetaMorph's tables: calibration (UIC1) and one entry for each plane (UIC2).
  var calibration: TIFFField?
  var planeTable: TIFFField?
  /// What the samples of a pixel mean; 0 and 1 are grey values.
  var photometric = 1
  /// Whether the samples of a page lie one image after the other instead of pixel by pixel.
  var isPlanar = false
  /// Whether other images, such as smaller copies, hang on this page.
  var hasSubImages = false
  /// Bytes of the directory with the values behind it.
  var bytes = 0
  /// Position of the next directory; 0 ends the chain.
  var next = 0

  init(position: Int) { self.position = position }

  /// Whether the directory describes an image at all.
  var isPage: Bool { width > 0 && height > 0 && offsets != nil }

  fileprivate mutating func take(
    tag: Int, _ field: TIFFField, _ layout: TIFFLayout
  ) throws(MovieError) {
    switch tag {
    case 254: isReduced = (layout.scalar(field) ?? 0) & 1 == 1
    case 256: width = layout.scalar(field) ?? 0
    case 257: height = layout.scalar(field) ?? 0
    case 258: bits = try layout.uniform(field) ?? 0
    case 259: compression = layout.scalar(field) ?? 0
    case 262: photometric = layout.scalar(field) ?? 1
    case 270: if description == nil { description = field }
    case 266: isMirrored = layout.scalar(field) == 2
    case 273, 324: offsets = field
    case 277: samples = layout.scalar(field) ?? 0
    case 278: rowsPerStrip = max(1, layout.scalar(field) ?? Int.max)
    case 279, 325: counts = field
    case 282: xResolution = field
    case 284: isPlanar = layout.scalar(field) == 2
    case 322: isTiled = true
    case 330: hasSubImages = true
    case 339: sampleFormat = try layout.uniform(field) ?? 0
    case 33628: calibration = field
    case 33629: planeTable = field
    default: break
    }
  }
}
