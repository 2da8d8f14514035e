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

  /// The folder of a data set inside `folder`: itself, or the full resolution of a pyramid.
  static func folder(in folder: String) -> String? {
    [folder, folder.appending("Full resolution")].first {
      FileManager.default.fileExists(atPath: $0.appending(indexName))
    }
  }

  static func open(folder: String) throws(MovieError) -> any Movie {
    let index = try FileBytes(folder.appending(indexName))
    var truncation: Truncation?
    var parts: [any Movie] = []
    var files: [String: FileBytes] = [:]
    var run: (name: String, entry: Entry, offsets: OffsetTable)?
    var places = Places()
    var pixelSize: StatedPixelSize?

    func close(_ run: (name: String, entry: Entry, offsets: OffsetTable)) throws(MovieError) {
      let storage = PixelStorage(sample: run.entry.sample, bigEndian: false)
      guard let file = files[run.name] else { return }
      parts.append(
        FlatMovie(
          file: file, storage: storage, offsets: run.offsets,
          info: MovieInfo(
            width: run.entry.width, height: run.entry.height, frames: run.offsets.count,
            pixel: run.entry.sample.delivered, format: "NDTiff", storage: storage.description,
            byteOrder: storage.byteOrder, pixelSize: pixelSize?.size, notes: pixelSize?.notes ?? [],
            files: [file.path])))
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
      if places.grid.count == 0 {
        let text = try file.bytes(at: entry.metadata.position, count: entry.metadata.count)
        pixelSize = MicroManagerHeader.pixelSize(
          in: String(decoding: text, as: UTF8.self), key: "PixelSizeUm")
      }
      guard places.append(entry.axes) else {
        throw MovieError(
          .inconsistent,
          "the axes of frame \(places.grid.count) are unlike those before: "
            + String(decoding: entry.axes.prefix(200), as: UTF8.self), file: index.path)
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
    let plan = try places.grid.arrange(names: places.names, file: index.path)
    var info = first.info
    info.axes = plan.extents
    info.notes += plan.notes + places.notes
    return try JoinedMovie(parts, order: plan.order, info: info, truncation: truncation)
  }

  /// The places of the frames along their axes, which an index gives as JSON such as
  /// `{"time":0,"channel":"DAPI","z":3}`.
  private struct Places {
    var grid = PlaneGrid(axes: [.time, .position, .series, .slice, .channel])
    var names: [PlaneAxis: [Int32: String]] = [:]
    /// The numbers of values that are words, or that several keys make up.
    private var numbers: [[String: Int32]] = Array(repeating: [:], count: 5)
    /// The key that counts frames, if it is not called time.
    private var frameKey: String?

    private static let known: [String: PlaneAxis] = [
      "time": .time, "t": .time, "z": .slice, "channel": .channel, "c": .channel,
      "position": .position, "p": .position, "row": .position, "column": .position,
    ]

    var notes: [String] { frameKey.map { ["the axis `\($0)` of the data set is time"] } ?? [] }

    /// Adds the place of a frame; false if the text is damaged or the kinds of values change.
    mutating func append(_ text: [UInt8]) -> Bool {
      guard let pairs = NDTiff.flatObject(text) else { return false }
      let hasTime = pairs.contains { Self.known[$0.key] == .time }
      // The only key of a data set that names none of the usual ones counts frames.
      if grid.count == 0, !hasTime, pairs.count == 1, Self.known[pairs[0].key] == nil {
        frameKey = pairs[0].key
      }
      var place = PlaneGrid.Place()
      for (index, axis) in grid.axes.enumerated() {
        let own = pairs.filter {
          (Self.known[$0.key] ?? ($0.key == frameKey ? .time : .series)) == axis
        }
        if own.isEmpty { continue }
        if own.count == 1, let number = Int32(own[0].value) {
          guard numbers[index].isEmpty else { return false }
          place[index] = number
          continue
        }
        let words =
          own.count == 1
          ? own[0].value : own.map { "\($0.key) \($0.value)" }.sorted().joined(separator: " ")
        guard grid.count == 0 || !numbers[index].isEmpty, numbers[index].count < 1 << 20 else {
          return false
        }
        let number = numbers[index][words] ?? Int32(numbers[index].count)
        numbers[index][words] = number
        names[axis, default: [:]][number] = words
        place[index] = number
      }
      grid.append(place)
      return true
    }
  }

  /// The keys and values of a JSON object of numbers and words; nil for other text.
  static func flatObject(_ text: [UInt8]) -> [(key: String, value: String)]? {
    var rest = text[...]
    func take(_ byte: UInt8) -> Bool {
      rest = rest.drop { $0 <= 32 }
      guard rest.first == byte else { return false }
      rest = rest.dropFirst()
      return true
    }
    /// A word in quotes, in which a backslash stands before a quote or a backslash only.
    func word() -> String? {
      guard take(UInt8(ascii: "\"")) else { return nil }
      var bytes: [UInt8] = []
      while let byte = rest.first, byte != UInt8(ascii: "\"") {
        rest = rest.dropFirst()
        if byte == UInt8(ascii: "\\") {
          guard let next = rest.first else { return nil }
          bytes.append(next)
          rest = rest.dropFirst()
        } else {
          bytes.append(byte)
        }
      }
      return take(UInt8(ascii: "\"")) ? String(decoding: bytes, as: UTF8.self) : nil
    }
    guard take(UInt8(ascii: "{")) else { return nil }
    var pairs: [(key: String, value: String)] = []
    if take(UInt8(ascii: "}")) { return pairs }
    repeat {
      guard let key = word(), take(UInt8(ascii: ":")) else { return nil }
      rest = rest.drop { $0 <= 32 }
      if rest.first == UInt8(ascii: "\"") {
        guard let value = word() else { return nil }
        pairs.append((key, value))
      } else {
        let value = rest.prefix { $0 > 32 && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}") }
        guard !value.isEmpty, value.allSatisfy({ $0 < 128 }), pairs.count < 16 else { return nil }
        pairs.append((key, String(decoding: value, as: UTF8.self)))
        rest = rest[value.endIndex...]
      }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}")) ? pairs : nil
  }

  private struct Entry {
    var name: String
    var axes: [UInt8]
    var offset: Int
    var width: Int
    var height: Int
    var sample: Sample
    var metadata: (position: Int, count: Int)
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
      let places = Array(window.bytes[(position + 4 - windowStart)..<(local - 4)])
      let entry = position
      position += start + length + 32
      guard numbers[3] >= 0, numbers[3] <= 6, numbers[3] != 2, numbers[4] == 0 else {
        let what =
          numbers[4] != 0
          ? "compressed pixels (compression \(numbers[4]))"
          : numbers[3] == 2 ? "pixels in colour" : "pixels of kind \(numbers[3])"
        throw MovieError(
          .unsupported, "\(what) in an NDTiff data set are not supported", file: file.path,
          byte: entry, hint: "save it without compression, in grey values")
      }
      return Entry(
        name: name, axes: places, offset: numbers[0], width: numbers[1], height: numbers[2],
        sample: numbers[3] == 0 ? .uint8 : .uint16,
        metadata: (numbers[5], min(numbers[6], 1 << 16)))
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
