import Foundation
import Microscopy

/// Opens a TIFF together with the other files of its movie.
enum TIFFSet {
  /// - Parameter series: the chosen series of a file with several that are not alike.
  static func open(
    _ file: FileBytes, series: PlaneChoice? = nil
  ) throws(MovieError) -> any Movie {
    if let dataset = try NDTiff.open(beside: file) { return dataset }
    let tiff = try TIFFFile(file)
    if let header = tiff.microManager { return try microManager(tiff, header) }
    if let ome = OMEDescription(tiff.description) {
      return try OMESet.open(tiff, ome, series: series)
    }
    return try tiff.movie()
  }

  /// The files of a Micro-Manager stack, found by name, each with its own index map.
  private static func microManager(
    _ opened: TIFFFile, _ header: MicroManagerHeader, beside others: [String] = []
  ) throws(MovieError) -> any Movie {
    var (paths, truncation) =
      others.isEmpty ? MicroManagerHeader.files(of: opened.path) : ([opened.path], nil)
    var notes = others.map {
      "\($0.fileName) beside it is of another acquisition and is not read"
    }
    var parts: [any Movie] = []
    // nil if a part has no index map.
    var grid: PlaneGrid? = PlaneGrid(axes: MicroManagerHeader.axes)
    for path in paths {
      let isOpened = path.fileName == opened.path.fileName
      do throws(MovieError) {
        let file = isOpened ? opened : try TIFFFile(FileBytes(path))
        let index = try file.microManager?.index(file.layout, file.format)
        // Another acquisition has another summary, or counts its frames from 0 again.
        if file.microManager?.summary != header.summary
          || index.map({ grid?.overlaps($0.grid) ?? false }) == true
        {
          if parts.isEmpty || isOpened {
            // The opened file only has a name that continues another's.
            return try microManager(opened, header, beside: [paths[0]])
          }
          notes.append("\(path.fileName) beside it is of another acquisition and is not read")
          truncation = nil
          break
        }
        parts.append(try file.movie(index: index))
        if let index { grid?.append(contentsOf: index.grid) } else { grid = nil }
      } catch {
        try error.throwIfUnread()
        guard !parts.isEmpty, !isOpened else { throw error }
        // The last file of an interrupted acquisition may have no frames.
        if error.kind == .noFrames, path == paths.last {
          notes.append("\(path.fileName) of the set contains no frames")
        } else {
          truncation = Truncation("this file of the set cannot be read: \(error.what)", file: path)
        }
      }
      if truncation?.file == path { break }
    }
    let pages = parts.reduce(0) { $0 + $1.info.frames }
    guard let grid, grid.count == pages else {
      return try joined(
        parts, notes: notes, truncation: truncation, axes: header.axes(pages: pages))
    }
    let plan = try grid.arrange(names: header.names, file: opened.path)
    notes += plan.notes
    return try joined(
      parts, order: plan.order, notes: notes, truncation: truncation, axes: plan.extents)
  }

  /// Joins the parts into one movie; the first one provides all metadata except the notes.
  ///
  /// - Parameter info: the metadata, if they are not those of the first part.
  static func joined(
    _ parts: [any Movie], _ info: MovieInfo? = nil, order: [UInt32]? = nil, notes: [String] = [],
    truncation: Truncation? = nil, axes: [AxisExtent] = []
  ) throws(MovieError) -> any Movie {
    var result = info ?? parts[0].info
    if parts.count == 1, order == nil, notes.isEmpty, truncation == nil, axes.isEmpty,
      result == parts[0].info
    {
      return parts[0]
    }
    result.axes = axes
    result.notes = notes
    for note in parts.flatMap(\.info.notes) where !result.notes.contains(note) {
      result.notes.append(note)
    }
    if parts.count > 1 { result.format += ", \(parts.count) files" }
    return try JoinedMovie(parts, order: order, info: result, truncation: truncation)
  }
}
