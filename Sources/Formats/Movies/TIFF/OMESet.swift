import Foundation
import Microscopy
import Reporting

/// OME-TIFFs of one or several files: their pages in the order of the planes that the XML gives.
enum OMESet {
  /// Longest XML that is read from a file of its own.
  private static let longestText = 1 << 28

  /// The movie of a set, reached through one of its TIFFs.
  ///
  /// - Parameter series: the chosen image if the set has several that are not alike.
  static func open(
    _ opened: TIFFFile, _ ome: OMEDescription, series: PlaneChoice?
  ) throws(MovieError) -> any Movie {
    var ome = ome
    if ome.images.isEmpty, let name = ome.metadataFile?.fileName, name != opened.path.fileName {
      let path = opened.path.folder.appending(name)
      let file = try MovieError.ifWhole { () throws(MovieError) in try FileBytes(path) }
      guard let file, let full = try description(file) else {
        return try TIFFSet.joined(
          [opened.movie()],
          notes: [
            "the set is described in \(name), which cannot be read; only the pages of this "
              + "file are read"
          ])
      }
      ome = full
    }
    return try open(opened.path, opened, ome, series)
  }

  /// The movie that a file of nothing but OME-XML describes (`.companion.ome`); nil for other files.
  static func open(
    companion file: FileBytes, head: [UInt8], series: PlaneChoice?
  ) throws(MovieError) -> (any Movie)? {
    guard !head.contains(0), OMEDescription.isOME(String(decoding: head, as: UTF8.self)),
      let ome = try description(file)
    else { return nil }
    guard ome.images.contains(where: { !$0.runs.isEmpty }) else {
      throw MovieError(
        .noFrames, "the OME-XML names no TIFF with planes", file: file.path,
        hint: "open the TIFF itself")
    }
    return try open(file.path, nil, ome, series)
  }

  /// The XML of a TIFF's first page, or of a text file; nil if there is none.
  private static func description(_ file: FileBytes) throws(MovieError) -> OMEDescription? {
    if TIFFLayout.isTIFF(try file.bytes(at: 0, count: 4)) {
      return OMEDescription(try TIFFFile(file).description)
    }
    return OMEDescription(
      String(decoding: try file.bytes(at: 0, count: longestText), as: UTF8.self))
  }

  /// - Parameters:
  ///   - path: the file that the user named.
  ///   - opened: the same, if it is a TIFF.
  private static func open(
    _ path: String, _ opened: TIFFFile?, _ ome: OMEDescription, _ series: PlaneChoice?
  ) throws(MovieError) -> any Movie {
    // Planes that are samples of one page need no places.
    if let opened, opened.format.samples > 1 { return try opened.movie() }
    let own = path.fileName
    var ome = ome
    let oldName = opened == nil ? nil : ome.adopt(own)
    let here = ome.images.indices.filter { index in
      let files = ome.images[index].files
      return opened == nil ? !files.isEmpty : files.contains(own) || files.contains("")
    }
    guard !here.isEmpty else {
      guard let opened else {
        throw MovieError(.noFrames, "the OME-XML describes no planes", file: path)
      }
      let movie = try opened.movie()
      guard ome.images.contains(where: { !$0.files.isEmpty }) || ome.metadataFile != nil else {
        return movie
      }
      // A renamed file of several is used alone.
      if let image = ome.images.first(where: { !$0.axes.isEmpty && $0.axes.map(\.axis) != [.time] })
      {
        throw MovieError(
          .inconsistent,
          "the OME-XML names other files, so this file's part of the "
            + "\(image.axes.map(\.description).joined(separator: " × ")) is not known", file: path,
          hint: "give the file its original name: "
            + "\(image.files.prefix(3).map(\.fileName).joined(separator: ", ")), …")
      }
      return try TIFFSet.joined(
        [movie], notes: ["the OME-XML names other files; the pages of this file are used in order"])
    }
    let images = here.map { ome.images[$0] }
    let choice = try taken(of: images, series, path)
    var set = PlaneSet(choice.taken.map { [images[$0]] } ?? images)
    set.extent = choice.extent
    if let oldName { set.notes.append("the OME-XML calls this file \(oldName)") }
    if here.count < ome.images.count {
      let names = here.map { name(ome.images[$0], $0) }.joined(separator: ", ")
      set.notes.append("the OME-XML describes \(ome.images.count) images; this file has \(names)")
    }
    return try set.movie(path, opened)
  }

  private static func name(_ image: OMEDescription.Image, _ index: Int) -> String {
    "image \(index + 1)" + (image.name.isEmpty ? "" : " (\(image.name))")
  }

  /// The axis of the images, if there are several, and the image that must be taken because they
  /// are not alike.
  private static func taken(
    of images: [OMEDescription.Image], _ series: PlaneChoice?, _ path: String
  ) throws(MovieError) -> (extent: AxisExtent?, taken: Int?) {
    guard images.count > 1 else { return (nil, nil) }
    let names = images.map(\.name)
    let extent = AxisExtent(.series, images.count, names: names.contains("") ? [] : names)
    let areAlike = images.dropFirst().allSatisfy {
      $0.width == images[0].width && $0.height == images[0].height
        && $0.dimensions.elementsEqual(images[0].dimensions, by: ==)
    }
    if areAlike { return (extent, nil) }
    let kinds = images.map { image in
      (["\(image.width) x \(image.height)"] + image.axes.map(\.description))
        .joined(separator: ", ")
    }
    let unlike = try AxisExtent.unlike(.series, kinds, names: names, series, file: path)
    return (unlike.extent, unlike.taken)
  }
}

/// The planes of one or several images that are alike, and the pages where they are.
private struct PlaneSet {
  /// The images one after the other.
  private var image: OMEDescription.Image
  private let images: Int
  var extent: AxisExtent?
  var notes: [String] = []

  init(_ images: [OMEDescription.Image]) {
    image = images[0]
    self.images = images.count
    for (number, other) in images.enumerated().dropFirst() {
      for run in other.runs {
        let name = other.files[run.file]
        let file = image.files.firstIndex(of: name) ?? image.files.count
        if file == image.files.count { image.files.append(name) }
        var run = run
        run.file = file
        run.index += number * image.promised
        image.runs.append(run)
      }
    }
  }

  /// All planes that the XML states.
  private var promised: Int { image.promised * images }

  /// The axes, the slowest first; empty if only time varies.
  private func axes(present: Int, isWhole: Bool) -> [AxisExtent] {
    var axes = image.axes
    if let extent, extent.taken == nil { axes.insert(extent, at: 0) }
    if axes.map(\.axis) == [.time], extent?.taken == nil { axes = [] }
    // An interrupted recording has fewer planes along its slowest axis.
    if isWhole, present < promised, let first = axes.first {
      let inner = axes.dropFirst().reduce(1) { $0 * $1.count }
      let count = (max(1, present) - 1) / inner + 1
      axes[0] = AxisExtent(first.axis, count, names: Array(first.names.prefix(count)))
    }
    if let extent, extent.taken != nil { axes.insert(extent, at: 0) }
    return axes.filter { $0.count > 1 }
  }

  func movie(_ path: String, _ opened: TIFFFile?) throws(MovieError) -> any Movie {
    let folder = path.folder
    let own = path.fileName
    var firstPlane = [Int](repeating: Int.max, count: image.files.count)
    for run in image.runs { firstPlane[run.file] = min(firstPlane[run.file], run.index) }
    var parts: [any Movie] = []
    var start = [Int?](repeating: nil, count: image.files.count)
    var pages = [Int](repeating: 0, count: image.files.count)
    var total = 0
    var missing: Truncation?
    for file in image.files.indices.sorted(by: { firstPlane[$0] < firstPlane[$1] }) {
      let name = image.files[file]
      do throws(MovieError) {
        var tiff = opened
        if opened == nil || name != own && !name.isEmpty {
          tiff = try TIFFFile(FileBytes(folder.appending(name.fileName)))
        }
        guard let tiff, tiff.format.samples == 1 else {
          throw MovieError(
            .unsupported, "planes that are samples of one page, in a set", file: name.fileName)
        }
        let part = try tiff.movie()
        start[file] = total
        pages[file] = part.info.frames
        total += part.info.frames
        parts.append(part)
      } catch {
        try error.throwIfUnread()
        // Planes after a missing file cannot be placed.
        guard !parts.isEmpty, name != own, !name.isEmpty else { throw error }
        missing = Truncation(
          "this file of the set is skipped: \(error.what)", file: folder.appending(name.fileName))
      }
      if missing != nil { break }
    }
    guard let first = parts.first else {
      throw MovieError(.noFrames, "the OME-XML describes no planes", file: path)
    }
    var info = first.info
    if let size = image.pixelSize { info.state(size) }
    if let truncation = missing ?? parts.compactMap(\.info.truncation).first {
      let order = firstPlanes(start, pages)
      guard !order.isEmpty else { throw MovieError(truncation, frames: 0) }
      return try TIFFSet.joined(
        parts, info, order: order, notes: notes, truncation: truncation,
        axes: axes(present: order.count, isWhole: false))
    }
    let plan = try order(start, pages, total, path)
    return try TIFFSet.joined(
      parts, info, order: plan.order, notes: notes + plan.notes,
      axes: axes(present: plan.order?.count ?? total, isWhole: true))
  }

  /// The indices of the planes, up to the first missing one.
  private func firstPlanes(_ start: [Int?], _ pages: [Int]) -> [UInt32] {
    var order: [UInt32] = []
    for run in image.runs {
      guard run.index == order.count, let first = start[run.file], run.page < pages[run.file]
      else { break }
      let count = min(run.count, pages[run.file] - run.page)
      order += (0..<count).map { UInt32(clamping: first + run.page + $0) }
      if count < run.count { break }
    }
    return order
  }

  /// The index of every plane among the pages of the parts; nil if that is file order.
  ///
  /// If the XML contradicts the files, the pages of a plain sequence of frames are used in file
  /// order. With several channels or slices that would mix them, so it is an error.
  private func order(
    _ start: [Int?], _ pages: [Int], _ total: Int, _ path: String
  ) throws(MovieError) -> (order: [UInt32]?, notes: [String]) {
    let axes = axes(present: promised, isWhole: true).filter { $0.taken == nil }
    func contradiction(_ what: String) throws(MovieError) -> (order: [UInt32]?, notes: [String]) {
      guard axes.isEmpty else {
        throw MovieError(
          .inconsistent,
          "the OME-XML \(what), so the \(axes.map(\.description).joined(separator: " × ")) cannot "
            + "be told apart", file: path,
          hint: "export the planes of one channel, slice and series as a movie of their own")
      }
      return (nil, ["the OME-XML \(what); pages are used in file order"])
    }
    var order: [UInt32] = []
    var numbers: [Int] = []
    var isUsed = [Bool](repeating: false, count: total)
    for run in image.runs {
      guard let first = start[run.file] else { continue }
      for page in run.page..<max(run.page, min(pages[run.file], run.page + run.count)) {
        guard !isUsed[first + page] else { return try contradiction("lists a page twice") }
        isUsed[first + page] = true
        order.append(UInt32(clamping: first + page))
        numbers.append(run.index + page - run.page)
      }
    }
    if order.count < total, axes.isEmpty, extent == nil {
      return try contradiction("lists \(order.count) of \(total) pages")
    }
    var notes: [String] = []
    if order.count < promised {
      notes.append("the OME-XML states \(promised) frames, the files contain \(order.count)")
    }
    if order.count < total {
      notes.append("\(total - order.count) of \(total) pages are not planes of this image")
    }
    if numbers.enumerated().contains(where: { $0.offset != $0.element }) {
      if !axes.isEmpty {
        return try contradiction("places \(order.count) planes with gaps or twice")
      }
      notes += PlaneGrid.gaps([-1] + numbers, of: "frame").map { [$0] } ?? []
    }
    let isOrdered = order.count == total && order.enumerated().allSatisfy { $0 == Int($1) }
    return (isOrdered ? nil : order, notes)
  }
}
