import Microscopy

/// Andor Solis (`.sif`): a header, time stamps as text, then float32 frames. Blocks of the same
/// layout, such as a background, may follow.
enum SIF {
  /// The movie; nil if `head` is not the header of an Andor file.
  static func open(_ file: FileBytes, head: [UInt8]) throws(MovieError) -> (any Movie)? {
    guard SIFHeader.recognizes(head) else { return nil }
    if file.path.lowercased().hasSuffix(".sifx") { return try Spool.open(file.path.folder) }
    let header = try SIFHeader(file)
    let shape = try FrameShape(
      width: header.width, height: header.height, sample: .float32, file: file.path)
    guard header.pixels == shape.width * shape.height else {
      throw MovieError(
        .inconsistent,
        "the header states \(header.pixels) pixels in frames of \(shape.width) x \(shape.height)",
        file: file.path)
    }
    guard header.frames > 0 else {
      throw MovieError(.noFrames, "the movie has 0 frames", file: file.path)
    }
    let start = try start(of: file, header, frameBytes: shape.bytes)
    let (frames, truncation) = try shape.frames(promised: header.frames, after: start, of: file)
    let rest = file.size - start - frames * shape.bytes
    let notes =
      truncation == nil && rest >= shape.bytes
      ? ["a second block of frames, such as a background, follows and is not read"] : []
    let storage = PixelStorage(sample: .float32, bigEndian: false)
    return FlatMovie(
      file: file, storage: storage,
      offsets: OffsetTable(first: start, stride: shape.bytes, count: frames),
      info: MovieInfo(
        width: shape.width, height: shape.height, frames: frames, pixel: .float32,
        format: "Andor SIF", storage: storage.description, byteOrder: storage.byteOrder,
        notes: notes, metadata: header.metadata, files: [file.path], truncation: truncation))
  }

  /// The position of the pixels: after a line with the time stamp of each frame and, in newer
  /// versions, a line `0`, or a line `1` and one more line for each frame.
  private static func start(
    of file: FileBytes, _ header: SIFHeader, frameBytes: Int
  ) throws(MovieError) -> Int {
    let stamps = try skip(header.frames, from: header.end, of: file)
    let flag = try file.bytes(at: stamps, count: 2)
    // Without the line, the pixels begin here; their first bytes are not text, except by chance.
    let (pixels, overflow) = header.frames.multipliedReportingOverflow(by: frameBytes)
    if !overflow, file.size - stamps == pixels { return stamps }
    if flag == Array("0\n".utf8) { return stamps + 2 }
    if flag == Array("1\n".utf8) { return try skip(header.frames, from: stamps + 2, of: file) }
    return stamps
  }

  /// The position after so many lines.
  private static func skip(
    _ lines: Int, from start: Int, of file: FileBytes
  ) throws(MovieError) -> Int {
    var (place, left) = (start, lines)
    while left > 0 {
      let block = try file.bytes(at: place, count: 1 << 16)
      guard !block.isEmpty else {
        throw MovieError(
          .truncated, "the file ends within the time stamps of the frames", file: file.path,
          byte: file.size)
      }
      var used = block.count
      for (index, byte) in block.enumerated() where byte == 10 {
        left -= 1
        if left == 0 {
          used = index + 1
          break
        }
      }
      place += used
    }
    return place
  }
}
