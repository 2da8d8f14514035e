import Foundation
import Microscopy

/// Opens a TIFF together with the other files of its movie.
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

  /// The files of a Micro-Manager stack, found by name, each with its own index map.
  private static func microManager(_ opened: TIFFFile) throws(MovieError) -> any Movie {
    var (paths, truncation) = MicroManagerHeader.files(of: opened.path)
    var notes: [String] = []
    var parts: [any Movie] = []
    for path in paths {
      do throws(MovieError) {
        parts.append(
          try path.fileName == opened.path.fileName
            ? opened.movie() : TIFFFile(FileBytes(path)).movie())
      } catch {
        guard !parts.isEmpty, path.fileName != opened.path.fileName else { throw error }
        // The last file of an interrupted acquisition may have no frames.
        if error.kind == .noFrames, path == paths.last {
          notes.append("\(path.fileName) of the set contains no frames")
        } else {
          truncation = Truncation("this file of the set cannot be read: \(error.what)", file: path)
        }
      }
      if truncation?.file == path { break }
    }
    guard parts.count > 1 || !notes.isEmpty || truncation != nil else { return parts[0] }
    return try joined(parts, notes: notes, truncation: truncation)
  }

  /// Joins the parts into one movie; the first one provides all metadata except the notes.
  private static func joined(
    _ parts: [any Movie], order: [UInt32]? = nil, notes: [String], truncation: Truncation? = nil
  ) throws(MovieError) -> any Movie {
    var info = parts[0].info
    info.notes = notes
    for note in parts.flatMap(\.info.notes) where !info.notes.contains(note) {
      info.notes.append(note)
    }
    if parts.count > 1 { info.format += ", \(parts.count) files" }
    return try JoinedMovie(parts, order: order, info: info, truncation: truncation)
  }

  /// The description of the whole set: of the file that `description` refers to, if there is one.
  private static func whole(_ description: OMEDescription, of opened: TIFFFile) -> OMEDescription {
    guard description.runs.isEmpty, let name = description.metadataFile,
      name != opened.path.fileName,
      let file = try? FileBytes(opened.path.folder.appending(name)),
      let main = try? TIFFFile(file),
      let full = OMEDescription(main.description, name: opened.path.fileName)
    else { return description }
    return full
  }

  /// The files that the OME-XML names, with their pages in plane order.
  private static func omeSet(
    _ opened: TIFFFile, _ description: OMEDescription
  ) throws(MovieError) -> any Movie {
    let folder = opened.path.folder
    let ome = whole(description, of: opened)
    let own = opened.path.fileName
    // A renamed file is not among the names in its XML; it is then used alone.
    let isNamed = ome.files.contains(own) || ome.files.contains("")
    guard isNamed, !ome.runs.isEmpty else {
      let movie = try opened.movie()
      guard !ome.files.isEmpty || ome.metadataFile != nil else { return movie }
      return try joined(
        [movie], notes: ["the OME-XML names other files; the pages of this file are used in order"])
    }

    var firstPlane = [Int](repeating: Int.max, count: ome.files.count)
    for run in ome.runs { firstPlane[run.file] = min(firstPlane[run.file], run.index) }
    var parts: [any Movie] = []
    var start = [Int?](repeating: nil, count: ome.files.count)
    var pages = [Int](repeating: 0, count: ome.files.count)
    var total = 0
    var missing: Truncation?
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
        // Planes after a missing file cannot be placed.
        guard !parts.isEmpty, name != own, !name.isEmpty else { throw error }
        missing = Truncation(
          "this file of the set is skipped: \(error.what)", file: folder.appending(name.fileName))
      }
      if missing != nil { break }
    }
    if let truncation = missing ?? parts.compactMap(\.info.truncation).first {
      let order = firstPlanes(ome, start, pages)
      guard !order.isEmpty else { throw MovieError(truncation, frames: 0) }
      return try joined(parts, order: order, notes: [], truncation: truncation)
    }
    let (order, notes) = order(ome, start, pages, total)
    return parts.count == 1 && order == nil && notes.isEmpty
      ? parts[0] : try joined(parts, order: order, notes: notes)
  }

  /// The indices of the planes, up to the first missing one.
  private static func firstPlanes(
    _ ome: OMEDescription, _ start: [Int?], _ pages: [Int]
  ) -> [UInt32] {
    var order: [UInt32] = []
    for run in ome.runs {
      guard let first = start[run.file], run.page < pages[run.file] else { break }
      let count = min(run.count, pages[run.file] - run.page)
      order += (0..<count).map { UInt32(clamping: first + run.page + $0) }
      if count < run.count { break }
    }
    return order
  }

  /// The index of every plane among the pages of the parts; nil if that is file order, or if the
  /// XML contradicts the files.
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
          return (nil, ["the OME-XML lists a page twice; pages are used in file order"])
        }
        isUsed[first + page] = true
        order.append(UInt32(clamping: first + page))
      }
    }
    if order.count != total {
      return (
        nil,
        [
          "the OME-XML lists \(order.count) of \(total) pages; pages are used in file "
            + "order"
        ]
      )
    }
    if total < ome.promised {
      notes.append("the OME-XML states \(ome.promised) frames, the files contain \(total)")
    }
    let isOrdered = order.enumerated().allSatisfy { $0 == Int($1) }
    return (isOrdered ? nil : order, notes)
  }
}
