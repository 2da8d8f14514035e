import Foundation
import Microscopy
import Reporting

/// A folder that Andor Solis or SDK 3 spooled to: `acquisitionmetadata.ini` describes the images,
/// `0000000000spool.dat`, `1000000000spool.dat`, … hold them, and a `.sifx` counts them. The ten
/// digits of a name are those of the file's number in reverse.
enum Spool {
  private static let ini = "acquisitionmetadata.ini"

  /// Whether the folder has such files.
  static func isSpool(_ folder: String) -> Bool {
    [ini, fileName(0)].contains { exists(folder.appending($0)) }
  }

  /// Whether `path` is one of the files of such a folder.
  static func isPart(_ path: String) -> Bool {
    path.fileName == ini || path.hasSuffix("spool.dat") && isSpool(path.folder)
  }

  private static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  static func fileName(_ number: Int) -> String {
    let digits = String(number)
    return String(digits.reversed()) + String(repeating: "0", count: max(0, 10 - digits.count))
      + "spool.dat"
  }

  private static func sifx(_ folder: String) -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.lowercased().hasSuffix(".sifx") }.min().map(folder.appending)
  }

  static func open(_ folder: String) throws(MovieError) -> any Movie {
    guard exists(folder.appending(ini)) else {
      throw MovieError(
        .sidecar, "\(ini) is missing, which describes the images of an Andor spool folder",
        file: folder)
    }
    let sidecar = try FileBytes(folder.appending(ini))
    let layout = try SpoolLayout(sidecar)
    let seen = SeenFiles()
    let first = try seen.open(folder.appending(fileName(0)))
    let header = try sifx(folder).map { path throws(MovieError) in
      try SIFHeader(try FileBytes(path))
    }
    var notes: [String] = []
    if let header, header.width != layout.shape.width || header.height != layout.shape.height {
      notes.append(
        "the .sifx states frames of \(header.width) x \(header.height), \(ini) "
          + "\(layout.shape.width) x \(layout.shape.height)")
    }
    let promised = header.flatMap { $0.frames > 0 ? $0.frames : nil }
    var files = promised.map { ($0 - 1) / layout.imagesPerFile + 1 } ?? 1
    if files > 1, !exists(folder.appending(fileName(files - 1))) { files = 1 }
    if files == 1 { while exists(folder.appending(fileName(files))) { files += 1 } }
    let last = files == 1 ? first : try seen.open(folder.appending(fileName(files - 1)))
    let (whole, overflow) = (files - 1).multipliedReportingOverflow(by: layout.imagesPerFile)
    let held =
      (overflow ? Int.max >> 1 : whole)
      + min(layout.imagesPerFile, last.size / layout.imageBytes)
    // The last file may hold images that were never exposed.
    let frames = min(promised ?? held, held)
    guard frames > 0 else {
      throw MovieError(.noFrames, "the folder holds no complete image", file: first.path)
    }
    if promised == nil { notes.append("without a .sifx, all images of the files are frames") }
    let truncation = promised.flatMap { promised in
      held < promised
        ? Truncation(
          "the .sifx states \(promised) frames, the files contain \(held)", file: last.path) : nil
    }
    let storage = PixelStorage(sample: layout.sample, bigEndian: false)
    return SpoolMovie(
      folder: folder, layout: layout, seen: seen,
      info: MovieInfo(
        width: layout.shape.width, height: layout.shape.height, frames: frames,
        pixel: layout.sample.delivered, format: "Andor spool folder",
        storage: layout.encoding == "Mono16" || layout.encoding == "Mono32"
          ? storage.description : layout.encoding,
        byteOrder: storage.byteOrder, notes: notes,
        metadata: (header?.metadata ?? [:]).merging(layout.fields) { first, _ in first },
        files: (0..<min(files, 1 << 20)).map { folder.appending(fileName($0)) },
        truncation: truncation))
  }
}

/// How the images of a spool folder are stored, from `acquisitionmetadata.ini`.
private struct SpoolLayout: Sendable {
  let fields: [String: String]
  let shape: FrameShape
  let sample: Sample
  let encoding: String
  /// Bytes of a row, and of an image with all that follows it.
  let rowBytes: Int
  let imageBytes: Int
  let imagesPerFile: Int

  init(_ file: FileBytes) throws(MovieError) {
    var fields: [String: String] = [:]
    // A byte order mark comes first.
    let text = String(decoding: try file.bytes(at: 0, count: 1 << 16), as: UTF8.self)
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      if parts.count == 2 { fields[parts[0]] = parts[1] }
    }
    func number(_ key: String, _ substitute: Int? = nil) throws(MovieError) -> Int {
      guard let number = fields[key].flatMap({ Int($0) }) ?? substitute,
        number > 0, number < 1 << 32
      else {
        throw MovieError(
          .sidecar, "\(key) is \(fields[key].map { "'\($0)'" } ?? "missing")", file: file.path,
          hint: "a spool folder requires AOIWidth, AOIHeight, PixelEncoding and ImageSizeBytes")
      }
      return number
    }
    encoding = fields["PixelEncoding"] ?? ""
    let (width, height) = (try number("AOIWidth"), try number("AOIHeight"))
    let known: [String: Int] = ["Mono16": 16, "Mono12": 16, "Mono12Packed": 12, "Mono32": 32]
    guard let bits = known[encoding] else {
      throw MovieError(
        .unsupported, "the pixel encoding '\(encoding)' is not supported", file: file.path,
        hint: "spool as Mono16, Mono32, Mono12 or Mono12Packed")
    }
    sample = encoding == "Mono32" ? .uint32 : .uint16
    shape = try FrameShape(width: width, height: height, sample: sample, file: file.path)
    rowBytes = try number("AOIStride", (width * bits + 7) / 8)
    imageBytes = try number("ImageSizeBytes")
    imagesPerFile = try number("ImagesPerFile", 1)
    guard rowBytes >= (width * bits + 7) / 8, imageBytes / rowBytes >= height else {
      throw MovieError(
        .inconsistent,
        "\(imageBytes) bytes in rows of \(rowBytes) bytes are less than an image of "
          + "\(width) x \(height)", file: file.path)
    }
    self.fields = fields
  }
}

private final class SpoolMovie: Movie {
  let info: MovieInfo
  private let folder: String
  private let layout: SpoolLayout
  private let seen: SeenFiles
  /// The file that was read last.
  private let open = Guarded<(number: Int, file: FileBytes)?>(nil)

  init(folder: String, layout: SpoolLayout, seen: SeenFiles, info: MovieInfo) {
    self.folder = folder
    self.seen = seen
    self.layout = layout
    self.info = info
  }

  private func file(_ number: Int) throws(MovieError) -> FileBytes {
    if let last = open.withLock({ $0 }), last.number == number { return last.file }
    let file = try seen.open(folder.appending(Spool.fileName(number)))
    open.withLock { $0 = (number, file) }
    return file
  }

  func changes() -> [String] { seen.changes }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try info.forEach(frames, in: buffer) { frame, target throws(MovieError) in
      let (number, image) = frame.quotientAndRemainder(dividingBy: layout.imagesPerFile)
      let file = try file(number)
      let start = image * layout.imageBytes
      let storage = PixelStorage(sample: layout.sample, bigEndian: false)
      let row = info.width * layout.sample.bytes
      if layout.rowBytes == row, layout.encoding != "Mono12Packed" {
        return try storage.read(info.width * info.height, at: start, of: file, into: target)
      }
      let stored = try file.bytes(at: start, count: layout.rowBytes * info.height)
      guard stored.count == layout.rowBytes * info.height else {
        throw MovieError(
          .readFailed, "the file ends within an image", file: file.path, byte: file.size)
      }
      stored.withUnsafeBytes { raw in
        for y in 0..<info.height {
          let line = UnsafeRawBufferPointer(rebasing: raw[(y * layout.rowBytes)...])
          let to = UnsafeMutableRawBufferPointer(rebasing: target[(y * row)..<(y * row + row)])
          if layout.encoding == "Mono12Packed" {
            Self.unpack(line, into: to)
          } else {
            to.copyMemory(from: UnsafeRawBufferPointer(rebasing: line[..<row]))
          }
        }
      }
      if layout.encoding != "Mono12Packed" {
        storage.deliver(
          info.width * info.height, in: target, swapped: PixelStorage.hostIsBigEndian)
      }
    }
  }

  /// Two pixels in three bytes: the first and the last hold the upper eight bits of a pixel, the
  /// middle one the lower four bits of both.
  private static func unpack(
    _ packed: UnsafeRawBufferPointer, into pixels: UnsafeMutableRawBufferPointer
  ) {
    for x in 0..<pixels.count / 2 {
      let start = x / 2 * 3
      let value =
        x % 2 == 0
        ? UInt16(packed[start]) << 4 | UInt16(packed[start + 1] & 15)
        : UInt16(packed[start + 2]) << 4 | UInt16(packed[start + 1] >> 4)
      pixels.storeBytes(of: value, toByteOffset: x * 2, as: UInt16.self)
    }
  }
}
