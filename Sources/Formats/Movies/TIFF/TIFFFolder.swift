import Foundation
import Microscopy

/// A folder of single-frame TIFFs, in the natural order of their names: 2.tif before 10.tif.
final class TIFFFolder: Movie {
  let info: MovieInfo
  private let format: TIFFFormat

  /// The movie in a folder: single frames, one stack, or one set of files.
  static func open(_ folder: String) throws(MovieError) -> any Movie {
    if FileManager.default.fileExists(atPath: folder.appending(NDTiff.indexName)) {
      return try NDTiff.open(folder: folder)
    }
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
      throw MovieError(.unreadable, "the folder cannot be listed", file: folder)
    }
    var paths: [String] = []
    for name in names.filter({ !$0.hasPrefix(".") }).sorted(by: isInNaturalOrder) {
      let path = folder.appending(name)
      let lower = name.lowercased()
      if lower.hasSuffix(".tif") || lower.hasSuffix(".tiff") { paths.append(path) }
    }
    guard let firstPath = paths.first else {
      throw MovieError(
        .missing, "the folder contains no TIFFs (\(names.count) other entries)", file: folder,
        hint: "give the movie file, or a folder with one TIFF per frame")
    }
    let first = try TIFFSet.open(try tiff(firstPath))
    if paths.count == 1 || Set(first.info.files.map(\.fileName)) == Set(paths.map(\.fileName)) {
      return first
    }
    guard first.info.frames == 1 else {
      throw MovieError(
        .inconsistent,
        "a folder of \(paths.count) TIFFs, the first of which has \(first.info.frames) pages",
        file: folder, hint: "open one of the files, for example \(firstPath)")
    }
    return TIFFFolder(paths, first: try TIFFFile(try FileBytes(firstPath)))
  }

  private init(_ paths: [String], first: TIFFFile) {
    format = first.format
    var info = first.info("folder of TIFFs", paths.count, [])
    info.files = paths
    // Each file has its own, which has not been read yet.
    info.byteOrder = nil
    self.info = info
  }

  private static func tiff(_ path: String) throws(MovieError) -> FileBytes {
    let file = try FileBytes(path)
    guard file.size > 0 else { throw MovieError(.empty, "the file is empty", file: path) }
    guard TIFFLayout.isTIFF(try file.bytes(at: 0, count: 4)) else {
      throw MovieError(.unknown, "not a TIFF, despite its name", file: path)
    }
    return file
  }

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
    let layout = try TIFFLayout(try Self.tiff(path))
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
      try TIFFDecoder(path: path).decode(page, format, into: target)
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
