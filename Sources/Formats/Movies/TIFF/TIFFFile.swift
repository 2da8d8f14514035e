import Microscopy

/// One TIFF whose first page has been read: its metadata, and its frames as a movie.
struct TIFFFile: Sendable {
  let layout: TIFFLayout
  let first: TIFFDirectory
  let format: TIFFFormat
  /// The description of the first page: ImageJ's lines, OME-XML, or irrelevant text.
  let description: String
  let microManager: MicroManagerHeader?
  /// The resolution along x that the first page states.
  private let pixelsPerUnit: Double?

  init(_ file: FileBytes) throws(MovieError) {
    layout = try TIFFLayout(file)
    guard layout.first != 0 else {
      throw MovieError(.noFrames, "the TIFF has no pages", file: file.path)
    }
    first = try layout.directory(at: layout.first)
    format = try TIFFFormat(first, layout)
    description = try layout.text(first.description, limit: Self.longestText)
    microManager = try MicroManagerHeader(layout)
    pixelsPerUnit = try layout.rational(first.xResolution)
  }

  /// The OME-XML of a large set takes megabytes; beyond this size, pages are used in file order.
  static let longestText = 1 << 26

  var path: String { layout.file.path }

  /// The planes of this file alone.
  ///
  /// - Parameter index: Micro-Manager's index map, if it has been read already.
  func movie(index known: MicroManagerHeader.Index? = nil) throws(MovieError) -> any Movie {
    if let microManager, format.samples == 1,
      let index = try pages(known, microManager)
    {
      return TIFFPagesMovie(
        layout, format, index.directories,
        info: info(
          "Micro-Manager TIFF, index map", index.directories.count, index.notes, index.truncation))
    }
    if let movie = try virtualStack() { return scaled(movie) }
    let chain = try TIFFChain(layout, from: first, format)
    if let movie = try metaMorph(chain) { return movie }
    let kind = microManager != nil ? "Micro-Manager TIFF" : imageJ != nil ? "ImageJ TIFF" : family
    let pages = chain.directories.count
    var notes = chain.notes
    if let microManager {
      notes.append(
        microManager.isInterrupted
          ? "the index map is missing because the acquisition was interrupted"
          : "the index map cannot be read; pages are used in file order")
    }
    var truncation = chain.truncation
    // Some writers leave an invalid pointer in the last page.
    if imageJ?.images == pages { truncation = nil }
    if truncation == nil, microManager == nil, let images = imageJ?.images,
      images > pages || images < pages && images > 1
    {
      notes.append("the description states \(images) frames, the file contains \(pages)")
    } else if microManager == nil, let note = chain.unexplained(layout, format) {
      notes.append(note)
    }
    var info = info(kind, pages, notes, truncation)
    if format.samples > 1 { return try sampled(chain, info) }
    if microManager == nil, let imageJ {
      info.axes = imageJ.axes(pages: pages, isWhole: truncation == nil)
    }
    guard let pixels = chain.pixels else {
      return scaled(TIFFPagesMovie(layout, format, chain.directories, info: info))
    }
    return scaled(
      FlatMovie(
        file: layout.file,
        storage: PixelStorage(sample: format.sample, bigEndian: layout.bigEndian), offsets: pixels,
        info: info))
  }

  private func pages(
    _ known: MicroManagerHeader.Index?, _ header: MicroManagerHeader
  ) throws(MovieError) -> MicroManagerHeader.Index? {
    if let known { return known }
    return try header.index(layout, format)
  }

  /// Whether the file holds more than one plane; smaller copies of the first do not count.
  var hasSeveralPages: Bool {
    get throws(MovieError) {
      if format.samples > 1 || (imageJ?.images ?? 1) > 1 || (first.planeTable?.count ?? 1) > 1 {
        return true
      }
      guard first.next != 0,
        let page = try MovieError.ifWhole({ () throws(MovieError) in
          try layout.directory(at: first.next)
        })
      else { return false }
      return page.isPage && !page.isReduced && (page.next != 0 || page.width >= first.width)
    }
  }

  /// The line from stored numbers to values, if ImageJ's description states one that applies.
  var line: (zero: Double, slope: Double)? {
    format.sample.delivered == .uint16 ? imageJ?.line : nil
  }

  /// Values instead of stored numbers, if ImageJ's description states how they are related.
  func scaled(_ movie: any Movie) -> any Movie {
    guard let line else { return movie }
    return ScaledMovie(movie, zero: line.zero, slope: line.slope)
  }

  /// A stack of MetaMorph's with one directory for all planes; nil for other files.
  private func metaMorph(_ chain: TIFFChain) throws(MovieError) -> (any Movie)? {
    guard let stack = try MetaMorph(first, layout) else { return nil }
    var info = info("MetaMorph STK", chain.directories.count, chain.notes, chain.truncation)
    if let size = stack.pixelSize { info.state(size) }
    var positions = chain.pixels
    if chain.directories.count == 1, stack.planes > 1 {
      guard let start = chain.pixels?[0], format.samples == 1 else {
        throw MovieError(
          .unsupported,
          "a MetaMorph stack whose \(stack.planes) planes are compressed or scattered",
          file: path, hint: "save it as an uncompressed TIFF stack")
      }
      (info.frames, info.truncation) = try format.shape.frames(
        promised: stack.planes, after: start, of: layout.file)
      positions = OffsetTable(first: start, stride: format.shape.bytes, count: info.frames)
    } else if chain.directories.count != stack.planes {
      info.notes.append(
        "MetaMorph's tag states \(stack.planes) planes, the file has \(info.frames) pages")
    }
    if stack.isStack, info.frames > 1 { info.axes = [AxisExtent(.slice, stack.planes)] }
    guard let positions, format.samples == 1 else { return nil }
    return FlatMovie(
      file: layout.file,
      storage: PixelStorage(sample: format.sample, bigEndian: layout.bigEndian),
      offsets: positions, info: info)
  }

  /// Pages with several grey samples for each pixel, as images of their own.
  private func sampled(_ chain: TIFFChain, _ page: MovieInfo) throws(MovieError) -> any Movie {
    let (pages, samples) = (chain.directories.count, format.samples)
    guard microManager == nil, let pixels = chain.pixels else {
      throw MovieError(
        .unsupported,
        "\(samples) planes of a page are stored as samples of its pixels, compressed or in a set",
        file: path, hint: "save them as an uncompressed stack with one plane for each page")
    }
    var info = page
    info.frames = pages * samples
    info.storage += ", \(samples) planes for each page"
    info.axes = [AxisExtent(.time, pages), AxisExtent(.channel, samples)].filter { $0.count > 1 }
    let storage = PixelStorage(sample: format.sample, bigEndian: layout.bigEndian)
    guard format.isPlanar else {
      return SampledPages(layout.file, storage, pixels, samples: samples, info: info)
    }
    var positions = OffsetTable()
    for page in 0..<pages {
      for sample in 0..<samples { positions.append(pixels[page] + sample * format.shape.bytes) }
    }
    return FlatMovie(file: layout.file, storage: storage, offsets: positions, info: info)
  }

  private var imageJ: ImageJDescription? { ImageJDescription(description) }

  private var family: String {
    (description.contains("<OME") ? "OME-TIFF" : layout.isBig ? "BigTIFF" : "TIFF")
  }

  /// ImageJ's stack above 4 GB: one directory, and all frames contiguous after the first. A
  /// truncated smaller stack looks the same, because its other directories came after the pixels.
  private func virtualStack() throws(MovieError) -> (any Movie)? {
    guard first.next == 0 || first.next >= layout.file.size, format.samples == 1,
      let imageJ, let images = imageJ.images, images > 1,
      case .plain(let start) = try layout.placement(of: first, format),
      first.next == 0 || (first.next - start) / format.shape.bytes >= images
    else { return nil }
    let (frames, truncation) = try format.shape.frames(
      promised: images, after: start, of: layout.file)
    var info = info("ImageJ TIFF, one directory", frames, [], truncation)
    info.axes = imageJ.axes(pages: frames, isWhole: truncation == nil)
    return FlatMovie(
      file: layout.file,
      storage: PixelStorage(sample: format.sample, bigEndian: layout.bigEndian),
      offsets: OffsetTable(first: start, stride: format.shape.bytes, count: frames), info: info)
  }

  func info(
    _ kind: String, _ frames: Int, _ notes: [String], _ truncation: Truncation? = nil
  ) -> MovieInfo {
    let storage = PixelStorage(sample: format.sample, bigEndian: layout.bigEndian)
    let packing = first.compression == 1 ? "" : ", compression \(first.compression)"
    return MovieInfo(
      width: format.shape.width, height: format.shape.height, frames: frames,
      pixel: format.sample.delivered, format: kind,
      storage: storage.description + packing + (first.isTiled ? ", tiles" : ""),
      byteOrder: storage.byteOrder, pixelSize: pixelSize.size,
      notes: notes + pixelSize.notes, metadata: metadata, files: [path], truncation: truncation)
  }

  private var metadata: [String: String] {
    if let imageJ { return imageJ.fields }
    if let summary = microManager?.summary { return ["Micro-Manager summary": summary] }
    return description.isEmpty || description.utf8.count > 1 << 16
      ? [:] : ["ImageDescription": description]
  }

  private var pixelSize: StatedPixelSize {
    imageJ?.pixelSize(pixelsPerUnit: pixelsPerUnit)
      ?? OMEDescription.pixelSize(description) ?? microManager?.pixelSize ?? .none
  }
}
