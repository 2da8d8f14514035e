import Microscopy

/// One TIFF whose first page has been read: its metadata, and its frames as a movie.
struct TIFFFile: Sendable {
  let layout: TIFFLayout
  let first: TIFFDirectory
  let format: TIFFFormat
  /// The description of the first page: ImageJ's lines, OME-XML, or irrelevant text.
  let description: String
  let microManager: MicroManagerHeader?

  init(_ file: FileBytes) throws(MovieError) {
    layout = try TIFFLayout(file)
    guard layout.first != 0 else {
      throw MovieError(.noFrames, "the TIFF has no pages", file: file.path)
    }
    first = try layout.directory(at: layout.first)
    format = try TIFFFormat(first, layout)
    description = try layout.text(first.description, limit: Self.longestText)
    microManager = try MicroManagerHeader(layout)
  }

  /// The OME-XML of a large set takes megabytes; beyond this size, pages are used in file order.
  static let longestText = 1 << 26

  var path: String { layout.file.path }

  /// The frames of this file alone.
  func movie() throws(MovieError) -> any Movie {
    if let microManager, let index = try microManager.index(layout, format) {
      return TIFFPagesMovie(
        layout, format, index.directories,
        info: info(
          "Micro-Manager TIFF, index map", index.directories.count, index.notes, index.truncation))
    }
    if let movie = try virtualStack() { return movie }
    let chain = try TIFFChain(layout, from: first, format)
    let kind = microManager != nil ? "Micro-Manager TIFF" : imageJ != nil ? "ImageJ TIFF" : family
    var notes = chain.notes
    if let microManager {
      notes.append(
        microManager.isInterrupted
          ? "the index map is missing because the acquisition was interrupted"
          : "the index map cannot be read; pages are used in file order")
    }
    var truncation = chain.truncation
    // Some writers leave an invalid pointer in the last page.
    if imageJ?.images == chain.directories.count { truncation = nil }
    if truncation == nil, let images = imageJ?.images, images > chain.directories.count {
      notes.append(
        "the description states \(images) frames, the file contains \(chain.directories.count)")
    }
    let info = info(kind, chain.directories.count, notes, truncation)
    guard let pixels = chain.pixels else {
      return TIFFPagesMovie(layout, format, chain.directories, info: info)
    }
    return FlatMovie(
      file: layout.file,
      storage: PixelStorage(sample: format.sample, bigEndian: layout.bigEndian), offsets: pixels,
      info: info)
  }

  private var imageJ: ImageJDescription? { ImageJDescription(description) }

  private var family: String {
    (description.contains("<OME") ? "OME-TIFF" : layout.isBig ? "BigTIFF" : "TIFF")
  }

  /// ImageJ's stack above 4 GB: one directory, and all frames contiguous after the first. A
  /// truncated smaller stack looks the same, because its other directories came after the pixels.
  private func virtualStack() throws(MovieError) -> (any Movie)? {
    guard first.next == 0 || first.next >= layout.file.size, let images = imageJ?.images,
      images > 1, case .plain(let start) = try layout.placement(of: first, format),
      first.next == 0 || (first.next - start) / format.shape.bytes >= images
    else { return nil }
    let (frames, truncation) = try format.shape.frames(
      promised: images, after: start, of: layout.file)
    return FlatMovie(
      file: layout.file,
      storage: PixelStorage(sample: format.sample, bigEndian: layout.bigEndian),
      offsets: OffsetTable(first: start, stride: format.shape.bytes, count: frames),
      info: info("ImageJ TIFF, one directory", frames, [], truncation))
  }

  func info(
    _ kind: String, _ frames: Int, _ notes: [String], _ truncation: Truncation? = nil
  ) -> MovieInfo {
    let storage = PixelStorage(sample: format.sample, bigEndian: layout.bigEndian)
    let packing = first.compression == 1 ? "" : ", compression \(first.compression)"
    let (size, more) = pixelSize
    return MovieInfo(
      width: format.shape.width, height: format.shape.height, frames: frames,
      pixel: format.sample.delivered, format: kind,
      storage: storage.description + packing + (first.isTiled ? ", tiles" : ""),
      byteOrder: storage.byteOrder, pixelSize: size,
      notes: notes + more, metadata: metadata, files: [path], truncation: truncation)
  }

  private var metadata: [String: String] {
    if let imageJ { return imageJ.fields }
    if let summary = microManager?.summary { return ["Micro-Manager summary": summary] }
    return description.isEmpty || description.utf8.count > 1 << 16
      ? [:] : ["ImageDescription": description]
  }

  /// The pixel size in nm if the file states a plausible one, and a note if it does not.
  private var pixelSize: (Double?, [String]) {
    let stated =
      imageJ?.pixelSize(pixelsPerUnit: (try? layout.rational(first.xResolution)) ?? nil)
      ?? OMEDescription.pixelSize(description) ?? microManager?.pixelSize
    guard let stated else { return (nil, []) }
    // A TIFF rational has few digits; three decimals of nm are more precise than a stage
    // micrometre.
    let size = (stated * 1000).rounded() / 1000
    return isBelievable(pixelSize: size)
      ? (size, []) : (nil, ["the stated pixel size of \(size) nm is implausible and ignored"])
  }
}
