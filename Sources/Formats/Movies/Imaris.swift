import Containers
import Foundation
import Microscopy
import Reporting

/// Imaris 5.5 (`.ims`, also written by Andor Fusion): HDF5 with one dataset for each time point and
/// channel, `/DataSet/ResolutionLevel 0/TimePoint t/Channel c/Data` of shape (Z, Y, X). Attributes
/// are arrays of single characters.
enum Imaris {
  fileprivate static let level = "DataSet/ResolutionLevel 0"

  /// What groups and attributes say.
  private struct Contents: Sendable {
    var points = 0
    /// A time point behind a gap.
    var lost: Int?
    var channels = 0
    /// ImageSizeX, ImageSizeY and ImageSizeZ of the first data.
    var sizes: [String: String] = [:]
    var names: [String] = []
    var texts: [String: String] = [:]

    init(_ hdf: HDF5File) throws(FileFault) {
      (points, lost) = Imaris.numbered("TimePoint ", try hdf.names(in: level))
      channels = Imaris.numbered("Channel ", try hdf.names(in: "\(level)/TimePoint 0")).count
      sizes = try hdf.joinedTexts(of: "\(level)/TimePoint 0/Channel 0") {
        $0.hasPrefix("ImageSize")
      }
      let times = ["DatasetTimePoints", "FileTimePoints", "TimePoint1", "TimePoint\(points)"]
      texts = try hdf.joinedTexts(of: "DataSetInfo/TimeInfo", where: { times.contains($0) })
      add("", try hdf.joinedTexts(of: "DataSetInfo/Image"))
      for channel in 0..<min(channels, 64) {
        let fields = try hdf.joinedTexts(of: "DataSetInfo/Channel \(channel)")
        names.append(fields["Name"] ?? "")
        add("Channel \(channel) ", fields)
      }
    }

    private mutating func add(_ prefix: String, _ fields: [String: String]) {
      for (name, text) in fields where text.utf8.count < 1 << 12 { texts[prefix + name] = text }
    }
  }

  /// The movie; nil if the file is not HDF5 or not from Imaris.
  static func open(_ file: FileBytes, head: [UInt8]) throws(MovieError) -> (any Movie)? {
    guard HDF5File.recognizes(head) else { return nil }
    // Other HDF5 files are named by their kind, whatever version or damage they have.
    var isImaris = file.path.lowercased().hasSuffix(".ims")
    if !isImaris { isImaris = try isMarked(file) }
    guard isImaris else { return nil }
    var contents: Contents?
    let chunks = try MovieError.reading(file.path) { () throws(FileFault) -> ImarisChunks? in
      let hdf = try HDF5File(path: file.path)
      let marks = try hdf.attributeNames()
      guard marks.contains("ImarisDataSet") || marks.contains("ImarisVersion") else { return nil }
      contents = try Contents(hdf)
      return ImarisChunks(file, hdf)
    }
    guard let chunks, let contents else { return nil }
    return try movie(file, contents, chunks)
  }

  /// Whether the file has Imaris' attributes.
  private static func isMarked(_ file: FileBytes) throws(MovieError) -> Bool {
    let marks = try MovieError.ifWhole { () throws(MovieError) in
      try MovieError.reading(file.path) { () throws(FileFault) in
        try HDF5File(path: file.path).attributeNames()
      }
    }
    guard let marks else { return false }
    return marks.contains("ImarisDataSet") || marks.contains("ImarisVersion")
  }

  private static func movie(
    _ file: FileBytes, _ contents: Contents, _ chunks: ImarisChunks
  ) throws(MovieError) -> any Movie {
    let (points, channels, texts) = (contents.points, contents.channels, contents.texts)
    guard points > 0, channels > 0 else {
      throw MovieError(
        .noFrames, "there is no time point 0 with a channel 0 in `\(level)`", file: file.path)
    }
    let first = try chunks.dataset(0, 0)
    let storage = try storage(of: first, file: file.path)
    func size(_ name: String, _ axis: Int) throws(MovieError) -> Int {
      let text = contents.sizes["ImageSize\(name)"] ?? texts[name]
      let stated = text.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }
      guard let stated else { return first.shape[axis] }
      guard (1...max(1, first.shape[axis])).contains(stated) else {
        throw MovieError(
          .inconsistent, "ImageSize\(name) is \(stated), but the data are \(first.shape[axis])",
          file: file.path)
      }
      return stated
    }
    let (slices, height, width) = (try size("Z", 0), try size("Y", 1), try size("X", 2))
    let grid = try ChunkGrid(
      shape: [points, channels, slices, height, width], chunk: [1, 1] + first.chunkShape,
      sample: storage.sample, file: file.path)
    chunks.expect(first, bytes: grid.chunkBytes)

    var notes: [String] = []
    // An interrupted recording leaves a last time point without all of its channels.
    var whole = points
    while whole > 1, points - whole < 64, try !chunks.isWhole(whole - 1, channels: channels) {
      whole -= 1
    }
    var truncation: Truncation?
    if whole < points {
      truncation = Truncation("time point \(whole) is incomplete", file: file.path)
    } else if let lost = contents.lost {
      truncation = Truncation(
        "time point \(points) is missing, but time point \(lost) exists", file: file.path)
    } else if let promised = texts["DatasetTimePoints"].flatMap({ Int($0) }), promised != points {
      notes.append("the header states \(promised) time points, the file contains \(points)")
    }
    let axes = [
      AxisExtent(.time, points),
      AxisExtent(
        .channel, channels,
        names: contents.names.count == channels && !contents.names.contains("")
          ? contents.names : []),
      AxisExtent(.slice, slices),
    ]
    let pixelSize = pixelSize(texts, width: width)
    return ChunkedMovie(
      grid, storage: storage, fill: first.unwritten, source: chunks,
      info: MovieInfo(
        width: width, height: height, frames: whole * channels * slices,
        pixel: storage.sample.delivered, format: "Imaris", storage: storage.description,
        byteOrder: storage.byteOrder, pixelSize: pixelSize.size,
        axes: channels * slices > 1 ? axes.filter { $0.axis == .time || $0.count > 1 } : [],
        notes: notes + pixelSize.notes, metadata: texts,
        files: [file.path], truncation: truncation))
  }

  /// How many names are `prefix` with the numbers 0, 1, …, and the first number behind a gap.
  fileprivate static func numbered(_ prefix: String, _ names: [String]) -> (count: Int, lost: Int?)
  {
    let numbers = names.compactMap { name in
      name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count)).flatMap { $0 < 0 ? nil : $0 } : nil
    }.sorted()
    let count = numbers.indices.first { numbers[$0] != $0 } ?? numbers.count
    return (count, numbers.count > count ? numbers[count] : nil)
  }

  private static func storage(
    of data: HDF5StoredChunks, file: String
  ) throws(MovieError) -> PixelStorage {
    let samples: [StoredElement: Sample] = [
      .u8: .uint8, .i8: .int8, .u16: .uint16, .i16: .int16, .u32: .uint32, .i32: .int32,
      .f32: .float32, .f64: .float64,
    ]
    guard let sample = samples[data.element] else {
      throw MovieError(
        .unsupported, "pixels of the type \(data.element.rawValue) are not supported", file: file)
    }
    guard data.shape.count == 3 else {
      throw MovieError(
        .inconsistent, "a time point has the shape \(data.shape), not slices × rows × columns",
        file: file)
    }
    return PixelStorage(sample: sample, bigEndian: data.bigEndian)
  }

  /// From the extent of the image; the unit is µm unless the file states another.
  private static func pixelSize(_ texts: [String: String], width: Int) -> StatedPixelSize {
    let ends = ["ExtMin0", "ExtMax0"].compactMap { texts[$0].flatMap { Double($0) } }
    let length = ends.count == 2 ? (ends[1] - ends[0]) / Double(width) : nil
    return StatedPixelSize(length, unit: texts["Unit"] ?? "um")
  }
}

/// The chunks of all time points. Their places are looked up in the HDF5 file when a time point is
/// first read, and remembered.
private final class ImarisChunks: ChunkSource {
  private struct Places {
    var datasets: [[Int]: HDF5StoredChunks] = [:]
    /// Remembered chunks; a bound on memory.
    var count = 0
    var expected: (shape: [Int], chunk: [Int], type: StoredElement, bigEndian: Bool)?
    var chunkBytes = 0
  }

  private static let mostPlaces = 1 << 20
  private let file: FileBytes
  private let hdf: Guarded<HDF5File>
  private let places = Guarded(Places())

  init(_ file: FileBytes, _ hdf: sending HDF5File) {
    self.file = file
    self.hdf = Guarded(hdf)
  }

  /// All datasets must be like this one.
  func expect(_ first: HDF5StoredChunks, bytes: Int) {
    places.withLock {
      $0.expected = (first.shape, first.chunkShape, first.element, first.bigEndian)
      $0.chunkBytes = bytes
    }
  }

  /// Whether a time point has all of its channels.
  func isWhole(_ point: Int, channels: Int) throws(MovieError) -> Bool {
    for channel in 0..<channels {
      let data = try MovieError.ifWhole { () throws(MovieError) in try dataset(point, channel) }
      if data == nil { return false }
    }
    return true
  }

  func dataset(_ point: Int, _ channel: Int) throws(MovieError) -> HDF5StoredChunks {
    let key = [point, channel]
    let (known, expected) = places.withLock { ($0.datasets[key], $0.expected) }
    if let known { return known }
    let path = "\(Imaris.level)/TimePoint \(point)/Channel \(channel)/Data"
    // Groups are read by one thread at a time.
    let found = try MovieError.reading(file.path) { () throws(FileFault) in
      try hdf.withLock { hdf throws(FileFault) in try hdf.dataset(path)?.storedChunks() }
    }
    guard let found else {
      throw MovieError(
        .readFailed, "time point \(point) has no channel \(channel)", file: file.path)
    }
    if let expected {
      guard found.shape == expected.shape, found.chunkShape == expected.chunk,
        found.element == expected.type, found.bigEndian == expected.bigEndian
      else {
        throw MovieError(
          .inconsistent, "time point \(point) has another size or type than time point 0",
          file: file.path)
      }
    }
    places.withLock {
      $0.count += found.count + 4
      if $0.count > Self.mostPlaces {
        $0.datasets.removeAll()
        $0.count = found.count
      }
      $0.datasets[key] = found
    }
    return found
  }

  var changes: [String] { file.changes }

  func chunk(at place: [Int]) throws(MovieError) -> StoredChunk {
    let data = try dataset(place[0], place[1])
    guard let chunk = data.chunk(at: Array(place[2...])) else { return .unwritten }
    let size = places.withLock { $0.chunkBytes }
    if chunk.isPlain {
      guard chunk.size == size else {
        throw MovieError(
          .inconsistent, "a chunk of \(chunk.size) bytes in place of \(size)", file: file.path,
          byte: chunk.offset)
      }
      return .plain(file, at: chunk.offset)
    }
    let file = file
    return .packed { () throws(MovieError) in
      let stored = try file.bytes(at: chunk.offset, count: chunk.size)
      return try MovieError.reading(file.path) { () throws(FileFault) in
        try data.unpack(stored, of: chunk, size: size)
      }
    }
  }
}
