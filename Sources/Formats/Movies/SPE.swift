import Microscopy

/// Princeton Instruments SPE 2.x (WinView, WinSpec): a header of 4100 bytes, then the frames.
///
/// Little-endian fields: x dimension u16 at 42, data type i16 at 108, y dimension u16 at 656,
/// frames i32 at 1446, footer u64 at 678 and version f32 at 1992 (3.x only), WinView's mark
/// 0x01234567 at 2996, last value 0x5555 at 4098.
enum SPE {
  static let headerBytes = 4100

  private static let samples: [Int16: Sample] = [
    0: .float32, 1: .int32, 2: .int16, 3: .uint16, 5: .float64, 6: .uint8, 8: .uint32,
  ]

  /// The movie; nil if `head` is not the header of an SPE file.
  static func open(
    _ file: FileBytes, head: [UInt8], options: MovieOptions
  ) throws(MovieError) -> (any Movie)? {
    let named = file.path.lowercased().hasSuffix(".spe")
    let header = ByteReader(bytes: head, bigEndian: false)
    guard let width = header.integer(UInt16.self, at: 42),
      let kind = header.integer(Int16.self, at: 108),
      let height = header.integer(UInt16.self, at: 656),
      let footer = header.integer(UInt64.self, at: 678),
      let promised = header.integer(Int32.self, at: 1446),
      let version = header.integer(UInt32.self, at: 1992).map(Float.init(bitPattern:)),
      let last = header.integer(UInt16.self, at: 4098),
      let mark = header.integer(UInt32.self, at: 2996)
    else {
      guard named else { return nil }
      throw MovieError(
        .truncated, "the file has \(file.size) bytes, less than the header of an SPE file",
        file: file.path)
    }
    let sample = samples[kind]
    let payload = Int(width) * Int(height) * (sample?.bytes ?? 0)
    // A header without WinView's marks is accepted if it accounts for every byte of the file. (A
    // quotient, because a product of invalid numbers may overflow.)
    let exact =
      payload > 0 && promised > 0 && (file.size - headerBytes) % payload == 0
      && (file.size - headerBytes) / payload == Int(promised)
    guard named || mark == 0x0123_4567 || last == 0x5555 || exact else { return nil }
    guard let sample else {
      throw MovieError(
        .unsupported, "SPE data type \(kind) is not known", file: file.path, byte: 108)
    }
    var stride = payload
    if version >= 3, footer != 0 {
      if let position = Int(exactly: footer), (headerBytes..<file.size).contains(position) {
        return try SPE3.open(file, footer: position, options: options)
      }
      // The file ends before its description. Frames of one region are regular all the same.
      let (distance, rest) = footer.subtractingReportingOverflow(UInt64(headerBytes))
        .partialValue.quotientAndRemainder(dividingBy: UInt64(max(1, promised)))
      guard let distance = Int(exactly: distance), rest == 0, payload > 0, distance >= payload
      else {
        throw MovieError(
          .truncated, "the file ends before the description of its frames at byte \(footer)",
          file: file.path, byte: file.size)
      }
      stride = distance
    }
    var shape = try FrameShape(
      width: Int(width), height: Int(height), sample: sample, file: file.path)
    shape.bytes = stride
    if height == 1, width > 1 {
      throw MovieError(
        .unsupported, "the file holds spectra (frames of one row), not images", file: file.path)
    }
    // After an interrupted acquisition the header states 0 frames, but pixels follow it.
    let unfinished = promised <= 0 && file.size - headerBytes >= shape.bytes
    let (frames, truncation) = try shape.frames(
      promised: unfinished ? nil : max(0, Int(promised)), after: headerBytes, of: file)
    let notes =
      unfinished ? ["the header states \(promised) frames, the file contains \(frames)"] : []
    let storage = PixelStorage(sample: sample, bigEndian: false)
    return FlatMovie(
      file: file, storage: storage,
      offsets: OffsetTable(first: headerBytes, stride: shape.bytes, count: frames),
      info: MovieInfo(
        width: shape.width, height: shape.height, frames: frames, pixel: sample.delivered,
        format: version >= 3 ? "SPE 3" : "SPE 2", storage: storage.description,
        byteOrder: storage.byteOrder, notes: notes,
        files: [file.path], truncation: truncation))
  }
}
