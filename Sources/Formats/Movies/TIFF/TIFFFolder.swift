import Foundation
import Microscopy

/// A folder of single-frame TIFFs, in the natural order of their names: 2.tif before 10.tif.
final class TIFFFolder: Movie {
  let info: MovieInfo
  private let format: TIFFFormat
  private let seen: SeenFiles

  /// The movie in a folder: single frames, one stack, or one set of files.
  ///
  /// - Parameter series: the chosen series of a set with several that are not alike.
  static func open(
    _ folder: String, series: PlaneChoice? = nil
  ) throws(MovieError) -> any Movie {
    if let dataset = NDTiff.folder(in: folder) { return try NDTiff.open(folder: dataset) }
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
      throw MovieError(.unreadable, "the folder cannot be listed", file: folder)
    }
    let tiffs = names.filter { name in
      let lower = name.lowercased()
      return !name.hasPrefix(".") && (lower.hasSuffix(".tif") || lower.hasSuffix(".tiff"))
    }.sorted(by: isInNaturalOrder)
    guard let firstName = tiffs.first else {
      throw MovieError(
        .missing, "the folder contains no TIFFs (\(names.count) other entries)", file: folder,
        hint: "give the movie file, or a folder with one TIFF per frame")
    }
    let seen = SeenFiles()
    let set = try MovieError.ifWhole { () throws(MovieError) in
      try TIFFSet.open(try tiff(folder.appending(firstName), seen), series: series)
    }
    if let set, tiffs.count == 1 || Set(set.info.files.map(\.fileName)) == Set(tiffs) {
      return set
    }
    if tiffs.count == 1 { return try TIFFSet.open(try tiff(folder.appending(firstName), seen)) }
    let frames = try FrameNames(tiffs, folder: folder)
    let paths = (frames.order.map { $0.map { frames.names[Int($0)] } } ?? frames.names)
      .map { folder.appending($0) }
    return try open(paths, frames, folder, seen)
  }

  /// Checks that every file holds one frame, and all frames are alike.
  private static func open(
    _ paths: [String], _ names: FrameNames, _ folder: String, _ seen: SeenFiles
  ) throws(MovieError) -> any Movie {
    var kinds: [FrameKind: Int] = [:]
    var own: [FrameKind] = []
    var first: TIFFFile?
    for (index, path) in paths.enumerated() {
      let file = try TIFFFile(try tiff(path, seen))
      guard try !file.hasSeveralPages else {
        throw MovieError(
          .inconsistent, "a folder of \(paths.count) TIFFs, in which this one has several pages",
          file: path, hint: "open one of the files, for example \(paths[0])")
      }
      let kind = FrameKind(file)
      kinds[kind, default: 0] += 1
      own.append(kind)
      if index == 0 { first = file }
    }
    // The odd one out is named, even if it comes first.
    guard let common = kinds.max(by: { $0.value < $1.value })?.key, let first else {
      throw MovieError(.missing, "the folder contains no TIFFs", file: folder)
    }
    if let odd = own.firstIndex(where: { $0 != common }) {
      throw MovieError(
        .inconsistent, "\(own[odd].text) in a folder of \(common.text)", file: paths[odd],
        frame: odd, hint: "keep only the frames of one movie in the folder")
    }
    return first.scaled(TIFFFolder(paths, first: first, names, seen))
  }

  /// What all frames of a folder must have in common.
  private struct FrameKind: Hashable {
    let width: Int
    let height: Int
    let sample: Sample
    let samples: Int
    let line: [Double]

    init(_ file: TIFFFile) {
      (width, height) = (file.format.shape.width, file.format.shape.height)
      (sample, samples) = (file.format.sample, file.format.samples)
      line = file.line.map { [$0.zero, $0.slope] } ?? []
    }

    var text: String {
      "\(width) x \(height) pixels (\(sample.rawValue)"
        + (line.isEmpty ? "" : ", values \(line[0]) + \(line[1]) × number")
        + (samples == 1 ? "" : ", \(samples) samples") + ")"
    }
  }

  private init(_ paths: [String], first: TIFFFile, _ names: FrameNames, _ seen: SeenFiles) {
    self.seen = seen
    format = first.format
    var info = first.info("folder of TIFFs", paths.count, names.notes)
    info.axes = names.axes
    info.files = paths
    // Files may differ in it.
    info.byteOrder = nil
    self.info = info
  }

  private static func tiff(_ path: String, _ seen: SeenFiles) throws(MovieError) -> FileBytes {
    let file = try seen.open(path)
    guard file.size > 0 else { throw MovieError(.empty, "the file is empty", file: path) }
    guard TIFFLayout.isTIFF(try file.bytes(at: 0, count: 4)) else {
      throw MovieError(.unknown, "not a TIFF, despite its name", file: path)
    }
    return file
  }

  func changes() -> [String] { seen.changes }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try info.forEach(frames, in: buffer) { frame, target throws(MovieError) in
      try read(info.files[frame], into: target)
    }
  }

  /// Opens, reads and closes one file, because a folder may hold more files than a process can
  /// open.
  private func read(
    _ path: String, into target: UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    let layout = try TIFFLayout(try Self.tiff(path, seen))
    let page = try layout.directory(at: layout.first)
    guard format.matches(page) else {
      throw MovieError(
        .inconsistent,
        "\(page.width) x \(page.height) pixels of \(page.bits) bits in a folder of "
          + "\(info.width) x \(info.height)", file: path,
        hint: "keep only the frames of one movie in the folder")
    }
    switch try layout.placement(of: page, format) {
    case .plain(let offset):
      try PixelStorage(sample: format.sample, bigEndian: layout.bigEndian).read(
        info.width * info.height, at: offset, of: layout.file, into: target)
    case .coded:
      try TIFFDecoder(layout.file).decode(page, format, into: target)
    }
  }

  /// Compares names piece by piece, and runs of digits by value.
  static func isInNaturalOrder(_ a: String, _ b: String) -> Bool {
    var left = Array(a.utf8)[...]
    var right = Array(b.utf8)[...]
    func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    while let x = left.first, let y = right.first {
      if isDigit(x), isDigit(y) {
        let m = left.prefix(while: isDigit)
        let n = right.prefix(while: isDigit)
        left = left[m.endIndex...]
        right = right[n.endIndex...]
        let p = m.drop { $0 == 48 }
        let q = n.drop { $0 == 48 }
        if p.count != q.count { return p.count < q.count }
        if !p.elementsEqual(q) { return p.lexicographicallyPrecedes(q) }
      } else if x != y {
        return x < y
      } else {
        left = left.dropFirst()
        right = right.dropFirst()
      }
    }
    return left.isEmpty && right.isEmpty ? a < b : left.isEmpty
  }
}
