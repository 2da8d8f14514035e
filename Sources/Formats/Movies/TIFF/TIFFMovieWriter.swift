import Foundation
import Microscopy

/// Writes a movie, frame by frame, as a TIFF that ImageJ and other TIFF readers open.
///
/// All pixels are contiguous after the first directory; the directories of the other pages follow
/// at the end. A classic file that would exceed 4 GB has only its first directory, as in ImageJ's
/// own stacks; `bigTIFF` writes a directory for every page at any size. The file appears under its
/// name in `finish`, and not without it.
///
/// ```swift
/// let writer = try TIFFMovieWriter(path: "movie.tif", width: 64, height: 64, pixelSize: 100)
/// try writer.append(frames)  // bytes of whole frames, native order
/// try writer.finish()
/// ```
public final class TIFFMovieWriter {
  private let output: MovieSink
  private let layout: TIFFMovieLayout
  public private(set) var frames = 0
  /// Bytes of directories that are written at once.
  private static let portion = 1 << 20

  /// `pixel` is the type of the frames passed to `append`; `pixelSize` is in nm. Every frame
  /// consists of `channels` images, one after the other. `provenance` lists the steps that made the
  /// movie. With `resuming`, the writer goes on behind this number of images in the file that a
  /// killed process left behind, or in `partial`. Throws `MovieError` for invalid sizes and `OutputError` if the file
  /// cannot be written.
  public init(
    path: String, width: Int, height: Int, pixel: PixelType = .uint16, channels: Int = 1,
    bigTIFF: Bool = false, bigEndian: Bool = false, pixelSize: Double? = nil,
    provenance: [ProvenanceStep] = [], overwrite: Bool = false, resuming images: Int = 0,
    from partial: String? = nil
  ) throws {
    guard width > 0, height > 0, width <= FrameShape.mostPixels / height else {
      throw MovieError(
        .impossible, "a frame size of \(width) x \(height) pixels is not possible", file: path)
    }
    if let pixelSize, !(pixelSize > 0 && pixelSize.isFinite) {
      throw MovieError(.impossible, "a pixel size of \(pixelSize) nm is not possible", file: path)
    }
    layout = TIFFMovieLayout(
      width: width, height: height, pixel: pixel, isBig: bigTIFF, bigEndian: bigEndian,
      pixelSize: pixelSize, channels: channels,
      notes: provenance.isEmpty
        ? "" : "glint=\(try Images.Notes(pixelSize: pixelSize, steps: provenance).text)\n")
    output = try MovieSink(
      path: path, overwrite: overwrite,
      resuming: images > 0 ? layout.pixelPosition + images * layout.frameBytes : nil,
      from: partial)
    frames = images
    if images == 0 { try output.write(layout.head(frames: 1, next: 0)) }
  }

  /// Appends the whole frames in `bytes`, in row-major order and native byte order.
  public func append(_ bytes: UnsafeRawBufferPointer) throws {
    precondition(bytes.count % layout.frameBytes == 0, "whole frames only")
    // The directories must fit behind the frames even if the disk is full then.
    let more = (frames + bytes.count / layout.frameBytes) * layout.directoryBytes + 8
    if layout.bigEndian == PixelStorage.hostIsBigEndian {
      try output.write(bytes, leaving: more)
    } else {
      let size = layout.pixel.bytes
      try [UInt8](unsafeUninitializedCapacity: bytes.count) { swapped, count in
        for i in 0..<bytes.count { swapped[i] = bytes[i / size * size + size - 1 - i % size] }
        count = bytes.count
      }.withUnsafeBytes { try output.write($0, leaving: more) }
    }
    frames += bytes.count / layout.frameBytes
  }

  public func append(_ pixels: [UInt16]) throws {
    precondition(layout.pixel == .uint16, "the file holds \(layout.pixel.rawValue)")
    try pixels.withUnsafeBytes { try append($0) }
  }

  /// The file's descriptor, for waiting until its bytes are on the disk.
  package var descriptor: Int32 { output.staged.descriptor }

  /// Chooses another name for the finished file, in the same folder, for an incomplete movie.
  public func rename(to path: String) throws { try output.staged.rename(to: path) }

  /// Images of a frame.
  package var channels: Int { layout.channels }

  /// The number of images in frames that are complete.
  package var wholeFrames: Int { frames / layout.channels * layout.channels }

  /// Writes the directories and commits the file. Without this call, no file remains.
  public func finish() throws {
    guard wholeFrames > 0 else {
      throw MovieError(.noFrames, "the movie has no frames to write", file: output.staged.path)
    }
    output.cut(layout.pixelPosition + wholeFrames * layout.frameBytes)
    frames = wholeFrames
    let end = output.position
    let padding = end % 8 == 0 ? 0 : 8 - end % 8
    let directories = end + padding
    let last = directories + (frames - 1) * layout.directoryBytes
    let hasPages = frames > 1 && (layout.isBig || last < Int(UInt32.max))
    if hasPages {
      try output.write([UInt8](repeating: 0, count: padding))
      var portion: [UInt8] = []
      portion.reserveCapacity(Self.portion + layout.directoryBytes)
      for frame in 1..<frames {
        let position = directories + (frame - 1) * layout.directoryBytes
        layout.appendDirectory(
          of: frame, next: frame + 1 < frames ? position + layout.directoryBytes : 0, to: &portion)
        if portion.count > Self.portion || frame + 1 == frames {
          try output.write(portion)
          portion.removeAll(keepingCapacity: true)
        }
      }
    }
    try layout.head(frames: frames, next: hasPages ? directories : 0).withUnsafeBytes {
      try output.write($0, at: 0)
    }
    try output.close()
    try output.staged.commit()
  }
}

/// The layout of the file that `TIFFMovieWriter` writes, and its bytes other than pixels.
struct TIFFMovieLayout {
  let width: Int
  let height: Int
  let pixel: PixelType
  let isBig: Bool
  let bigEndian: Bool
  /// nm.
  let pixelSize: Double?
  /// Images of a frame.
  var channels = 1
  /// Lines that follow ImageJ's in the description.
  var notes = ""

  var frameBytes: Int { width * height * pixel.bytes }
  private var headerBytes: Int { isBig ? 16 : 8 }
  /// Space for the description, which grows with the number of frames.
  private var textBytes: Int { (256 + notes.utf8.count + 7) / 8 * 8 }
  private var textPosition: Int { headerBytes + directoryBytes }
  private var rationalPosition: Int { textPosition + textBytes }
  var pixelPosition: Int { (rationalPosition + 16 + 1023) / 1024 * 1024 }

  private var entries: Int { 14 }
  /// A multiple of 8, so that consecutive directories stay aligned.
  var directoryBytes: Int { ((isBig ? 16 + entries * 20 : 6 + entries * 12) + 7) / 8 * 8 }

  /// Everything before the pixels.
  func head(frames: Int, next: Int) -> [UInt8] {
    var bytes: [UInt8] = bigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
    put(UInt16(isBig ? 43 : 42), &bytes)
    if isBig {
      put(UInt16(8), &bytes)
      put(UInt16(0), &bytes)
    }
    putPosition(headerBytes, &bytes)
    appendDirectory(of: 0, next: next, to: &bytes)
    var text = "ImageJ=1.54f\nimages=\(frames)\n"
    if channels > 1 { text += "channels=\(channels)\nhyperstack=true\n" }
    text += "frames=\(frames / channels)\n"
    if pixelSize != nil { text += "unit=micron\n" }
    text += notes
    bytes += Array(text.utf8)
    fill(&bytes, to: rationalPosition)
    putResolution(&bytes)
    fill(&bytes, to: pixelPosition)
    return bytes
  }

  /// Appends the directory of a frame; `next` is the position of the next one, 0 for none.
  func appendDirectory(of frame: Int, next: Int, to bytes: inout [UInt8]) {
    let end = bytes.count + directoryBytes
    if isBig { put(UInt64(entries), &bytes) } else { put(UInt16(entries), &bytes) }
    entry(254, long: 0, &bytes)
    entry(256, long: width, &bytes)
    entry(257, long: height, &bytes)
    entry(258, short: pixel.bytes * 8, &bytes)
    entry(259, short: 1, &bytes)
    entry(262, short: 1, &bytes)
    entry(270, type: 2, count: textBytes, at: textPosition, &bytes)
    entry(273, position: pixelPosition + frame * frameBytes, &bytes)
    entry(277, short: 1, &bytes)
    entry(278, long: height, &bytes)
    entry(279, long: frameBytes, &bytes)
    entry(282, type: 5, count: 1, at: rationalPosition, &bytes)
    entry(283, type: 5, count: 1, at: rationalPosition, &bytes)
    entry(339, short: pixel == .uint16 ? 1 : 3, &bytes)
    putPosition(next, &bytes)
    fill(&bytes, to: end)
  }

  /// Pads with zeros to a total number of bytes.
  private func fill(_ bytes: inout [UInt8], to count: Int) {
    bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
  }

  private func entry(_ tag: UInt16, short value: Int, _ bytes: inout [UInt8]) {
    start(tag, 3, 1, &bytes)
    put(UInt16(value), &bytes)
    bytes.append(contentsOf: repeatElement(0, count: isBig ? 6 : 2))
  }

  private func entry(_ tag: UInt16, long value: Int, _ bytes: inout [UInt8]) {
    start(tag, 4, 1, &bytes)
    put(UInt32(clamping: value), &bytes)
    if isBig { put(UInt32(0), &bytes) }
  }

  private func entry(_ tag: UInt16, position: Int, _ bytes: inout [UInt8]) {
    start(tag, isBig ? 16 : 4, 1, &bytes)
    putPosition(position, &bytes)
  }

  private func entry(
    _ tag: UInt16, type: UInt16, count: Int, at position: Int, _ bytes: inout [UInt8]
  ) {
    // A rational fits into the entry of a BigTIFF.
    start(tag, type, count, &bytes)
    if isBig, type == 5 {
      putResolution(&bytes)
    } else {
      putPosition(position, &bytes)
    }
  }

  /// Pixels per micrometre as a rational with six digits; 1 if the size is unknown.
  private func putResolution(_ bytes: inout [UInt8]) {
    put(UInt32(pixelSize == nil ? 1 : 1_000_000), &bytes)
    put(pixelSize.map { UInt32(max(1, min(4e9, ($0 * 1000).rounded()))) } ?? 1, &bytes)
  }

  private func start(_ tag: UInt16, _ type: UInt16, _ count: Int, _ bytes: inout [UInt8]) {
    put(tag, &bytes)
    put(type, &bytes)
    putPosition(count, &bytes)
  }

  /// A number with the width of the file's offsets.
  private func putPosition(_ value: Int, _ bytes: inout [UInt8]) {
    if isBig { put(UInt64(value), &bytes) } else { put(UInt32(clamping: value), &bytes) }
  }

  private func put<T: FixedWidthInteger>(_ value: T, _ bytes: inout [UInt8]) {
    withUnsafeBytes(of: bigEndian ? value.bigEndian : value.littleEndian) { bytes += $0 }
  }
}
