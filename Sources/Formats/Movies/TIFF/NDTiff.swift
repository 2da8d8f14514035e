import Foundation
import Microscopy

/// NDTiff data sets (Micro-Manager 2, Pycro-Manager): TIFFs with an `NDTiff.index` beside them.
///
/// An entry of the index, little-endian: u32 length and JSON of the axes, u32 length and name of
/// the file, then eight u32: position of the pixels, width, height, kind of pixel, its compression,
/// position, length and compression of the metadata.
enum NDTiff {
  static let indexName = "NDTiff.index"

  /// The data set that `file` belongs to; nil if there is none.
  static func open(beside file: FileBytes) throws(MovieError) -> (any Movie)? {
    let reader = ByteReader(
      bytes: try file.bytes(at: 0, count: 12), bigEndian: false)
    guard reader.integer(UInt32.self, at: 8) == 483_729,
      FileManager.default.fileExists(atPath: file.path.folder.appending(indexName))
    else { return nil }
    return try open(folder: file.path.folder)
  }

  static func open(folder: String) throws(MovieError) -> any Movie {
    let index = try FileBytes(folder.appending(indexName))
    var truncation: Truncation?
    var parts: [any Movie] = []
    var files: [String: FileBytes] = [:]
    var run: (name: String, entry: Entry, offsets: OffsetTable)?

    func close(_ run: (name: String, entry: Entry, offsets: OffsetTable)) throws(MovieError) {
      let storage = PixelStorage(sample: run.entry.sample, bigEndian: false)
      guard let file = files[run.name] else { return }
      parts.append(
        FlatMovie(
          file: file, storage: storage, offsets: run.offsets,
          info: MovieInfo(
            width: run.entry.width, height: run.entry.height, frames: run.offsets.count,
            pixel: run.entry.sample.delivered, format: "NDTiff", storage: storage.description,
            byteOrder: storage.byteOrder, files: [file.path])))
    }

    var entries = Entries(index)
    while let entry = try entries.next() {
      if files[entry.name] == nil {
        files[entry.name] = try FileBytes(folder.appending(entry.name.fileName))
      }
      let shape = try FrameShape(
        width: entry.width, height: entry.height, sample: entry.sample, file: index.path)
      guard let file = files[entry.name], entry.offset <= file.size - shape.bytes else {
        truncation = Truncation(
          "the index places a frame of \(shape.bytes) bytes at byte \(entry.offset), the file has "
            + "\(files[entry.name]?.size ?? 0)", file: folder.appending(entry.name.fileName))
        break
      }
      if let current = run,
        current.name != entry.name || current.entry.width != entry.width
          || current.entry.height != entry.height || current.entry.sample != entry.sample
      {
        try close(current)
        run = nil
      }
      if run == nil { run = (entry.name, entry, OffsetTable()) }
      run!.offsets.append(entry.offset)
    }
    if let run { try close(run) }
    if entries.isCut {
      truncation = Truncation(
        "the index of \(index.size) bytes ends inside an entry", file: index.path)
    }
    guard let first = parts.first else {
      throw MovieError(.noFrames, "the index has no frames", file: index.path)
    }
    return try JoinedMovie(parts, info: first.info, truncation: truncation)
  }

  private struct Entry {
    var name: String
    var offset: Int
    var width: Int
    var height: Int
    var sample: Sample
  }

  /// The entries of an index, read a megabyte at a time.
  private struct Entries {
    let file: FileBytes
    private var position = 0
    private var window = ByteReader(bytes: [], bigEndian: false)
    private var windowStart = 0
    private(set) var isCut = false

    init(_ file: FileBytes) { self.file = file }

    mutating func next() throws(MovieError) -> Entry? {
      guard position < file.size else { return nil }
      guard let axes = try number(at: 0) else { return end() }
      if axes == 0 { return end() }
      guard axes < 1 << 16, let length = try number(at: 4 + axes), length < 1 << 12 else {
        return end()
      }
      let start = 8 + axes
      guard let last = try number(at: start + length + 28) else { return end() }
      _ = last
      let local = position + start - windowStart
      let name = String(decoding: window.bytes[local..<(local + length)], as: UTF8.self)
      var numbers: [Int] = []
      for i in 0..<8 { numbers.append(try number(at: start + length + 4 * i) ?? 0) }
      let entry = position
      position += start + length + 32
      guard numbers[3] >= 0, numbers[3] <= 6, numbers[3] != 2, numbers[4] == 0 else {
        throw MovieError(
          .unsupported, "pixels of kind \(numbers[3]), compression \(numbers[4])", file: file.path,
          byte: entry)
      }
      return Entry(
        name: name, offset: numbers[0], width: numbers[1], height: numbers[2],
        sample: numbers[3] == 0 ? .uint8 : .uint16)
    }

    private mutating func end() -> Entry? {
      isCut = true
      position = file.size
      return nil
    }

    /// The u32 at `offset` of the entry, with everything before it in the window.
    private mutating func number(at offset: Int) throws(MovieError) -> Int? {
      if position + offset + 4 > windowStart + window.bytes.count {
        windowStart = position
        window.bytes = try file.bytes(at: position, count: 1 << 20)
      }
      return window.integer(UInt32.self, at: position + offset - windowStart).map(Int.init)
    }
  }
}
