import Foundation
import Microscopy

/// A TIFF, together with the other files that hold the rest of its movie.
enum TIFFSet {
  static func open(_ file: FileBytes) throws(MovieError) -> any Movie {
    if let dataset = try NDTiff.open(beside: file) { return dataset }
    let tiff = try TIFFFile(file)
    if tiff.microManager != nil { return try microManager(tiff) }
    if let ome = OMEDescription(tiff.description, name: file.path.fileName) {
      return try omeSet(tiff, ome)
    }
    return try tiff.movie()
  }

  /// The files of a Micro-Manager stack, found by their names, each through its own index map.
  private static func microManager(_ opened: TIFFFile) throws(MovieError) -> any Movie {
    var (paths, notes) = MicroManagerHeader.files(of: opened.path)
    var parts: [any Movie] = []
    for path in paths {
      do throws(MovieError) {
        parts.append(
          try path.fileName == opened.path.fileName
            ? opened.movie() : TIFFFile(FileBytes(path)).movie())
      } catch {
        // The last file of an interrupted acquisition may hold no frame yet.
        guard !parts.isEmpty, path == paths.last, path.fileName != opened.path.fileName else {
          throw error
        }
        notes.append("\(path.fileName) cannot be read and is left out: \(error.what)")
      }
    }
    guard parts.count > 1 || !notes.isEmpty else { return parts[0] }
    return try joined(parts, notes: notes)
  }

  /// The parts in one movie; the first one speaks for all but the notes.
  private static func joined(
    _ parts: [any Movie], order: [UInt32]? = nil, notes: [String]
  ) throws(MovieError) -> any Movie {
    var info = parts[0].info
    info.notes = notes
    for note in parts.flatMap(\.info.notes) where !info.notes.contains(note) {
      info.notes.append(note)
    }
    if parts.count > 1 { info.format += ", \(parts.count) files" }
    return try JoinedMovie(parts, order: order, info: info)
  }

  /// The files that OME-XML names, with their pages in the order of the planes.
  private static func omeSet(
    _ opened: TIFFFile, _ description: OMEDescription
  ) throws(MovieError) -> any Movie {
    var ome = description
    let folder = opened.path.folder
    if ome.runs.isEmpty, let name = ome.metadataFile, name != opened.path.fileName,
      let file = try? FileBytes(folder.appending(name)),
      let main = try? TIFFFile(file),
      let full = OMEDescription(main.description, name: opened.path.fileName)
    {
      ome = full
    }
    let own = opened.path.fileName
    // A file that was renamed is not among the names its XML gives: it then stands for itself.
    let isNamed = ome.files.contains(own) || ome.files.contains("")
    guard isNamed, !ome.runs.isEmpty else {
      let movie = try opened.movie()
      guard !ome.files.isEmpty || ome.metadataFile != nil else { return movie }
      return try joined(
        [movie], notes: ["the OME-XML names other files: the pages of this one are used in order"])
    }

    var firstPlane = [Int](repeating: Int.max, count: ome.files.count)
    for run in ome.runs { firstPlane[run.file] = min(firstPlane[run.file], run.index) }
    var parts: [any Movie] = []
    var start = [Int?](repeating: nil, count: ome.files.count)
    var pages = [Int](repeating: 0, count: ome.files.count)
    var total = 0
    var notes: [String] = []
    for file in ome.files.indices.sorted(by: { firstPlane[$0] < firstPlane[$1] }) {
      let name = ome.files[file]
      do throws(MovieError) {
        let part =
          try name == own || name.isEmpty
          ? opened.movie() : TIFFFile(FileBytes(folder.appending(name.fileName))).movie()
        start[file] = total
        pages[file] = part.info.frames
        total += part.info.frames
        parts.append(part)
      } catch {
        guard name != own, !name.isEmpty else { throw error }
        notes.append("\(name) of the set is left out: \(error.what)")
      }
    }
    let (order, more) = order(ome, start, pages, total)
    return parts.count == 1 && order == nil && (notes + more).isEmpty
      ? parts[0] : try joined(parts, order: order, notes: notes + more)
  }

  /// The place of every plane among the pages of the parts; nil where that is their own order, or
  /// where the XML contradicts the files.
  private static func order(
    _ ome: OMEDescription, _ start: [Int?], _ pages: [Int], _ total: Int
  ) -> (order: [UInt32]?, notes: [String]) {
    var order: [UInt32] = []
    var isUsed = [Bool](repeating: false, count: total)
    var notes: [String] = []
    for run in ome.runs {
      guard let first = start[run.file] else { continue }
      for page in run.page..<max(run.page, min(pages[run.file], run.page + run.count)) {
        guard !isUsed[first + page] else {
          return (nil, ["the OME-XML names a page twice: the pages are used in the files' order"])
        }
        isUsed[first + page] = true
        order.append(UInt32(clamping: first + page))
      }
    }
    if order.count != total {
      return (
        nil,
        [
          "the OME-XML places \(order.count) of \(total) pages: the pages are used in the files' "
            + "order"
        ]
      )
    }
    if total < ome.promised {
      notes.append("the OME-XML promises \(ome.promised) frames, the files hold \(total)")
    }
    let isOrdered = order.enumerated().allSatisfy { $0 == Int($1) }
    return (isOrdered ? nil : order, notes)
  }
}
