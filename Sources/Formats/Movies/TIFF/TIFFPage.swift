import Microscopy

/// The size and pixel type that all pages of a movie share.
struct TIFFFormat: Sendable {
  /// One sample of all pixels.
  let shape: FrameShape
  let sample: Sample
  /// Images of a page, one for each sample of a pixel.
  let samples: Int
  let isPlanar: Bool

  init(_ page: TIFFDirectory, _ layout: TIFFLayout) throws(MovieError) {
    let path = layout.file.path
    guard
      page.samples == 1 || (2...Self.mostSamples).contains(page.samples) && page.photometric <= 1
    else {
      throw MovieError(
        .unsupported, "pixels have \(page.samples) samples (colour) instead of one", file: path,
        hint: "split the channels and save each as a grey stack")
    }
    guard let sample = Self.sample(bits: page.bits, format: page.sampleFormat) else {
      throw MovieError(
        .unsupported,
        "\(page.bits)-bit pixels in sample format \(page.sampleFormat) are not supported",
        file: path,
        hint: "supported types: \(Sample.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard TIFFDecoder.canDecode(page.compression) else {
      throw MovieError(
        .unsupported, "TIFF compression \(page.compression) is not supported", file: path,
        hint: "save it uncompressed, or with LZW, deflate or PackBits")
    }
    self.sample = sample
    samples = page.samples
    isPlanar = page.samples > 1 && page.isPlanar
    shape = try FrameShape(width: page.width, height: page.height, sample: sample, file: path)
  }

  /// A limit on the planes of a page.
  private static let mostSamples = 4096

  private static func sample(bits: Int, format: Int) -> Sample? {
    switch (bits, format) {
    // Format 4 means undefined; writers use it for unsigned integers.
    case (8, 1), (8, 4), (8, 0): .uint8
    case (16, 1), (16, 4), (16, 0): .uint16
    case (32, 1), (32, 4), (32, 0): .uint32
    case (8, 2): .int8
    case (16, 2): .int16
    case (32, 2): .int32
    case (32, 3): .float32
    case (64, 3): .float64
    default: nil
    }
  }

  /// Whether `page` is a frame of the same movie.
  func matches(_ page: TIFFDirectory) -> Bool {
    page.width == shape.width && page.height == shape.height && page.samples == samples
      && (samples == 1 || page.isPlanar == isPlanar)
      && Self.sample(bits: page.bits, format: page.sampleFormat) == sample
  }
}

/// The location of a page's pixels.
enum TIFFPlacement {
  /// Contiguous and uncompressed, from this position.
  case plain(Int)
  /// In tiles, scattered strips or compressed.
  case coded
}

extension TIFFLayout {
  /// Locates the pixels of `page`. Throws if its tables or pixels extend beyond the file.
  func placement(
    of page: TIFFDirectory, _ format: TIFFFormat
  ) throws(MovieError) -> TIFFPlacement {
    guard let offsets = page.offsets, offsets.count > 0 else {
      throw MovieError(
        .truncated, "a page does not state where its pixels are", file: file.path,
        byte: page.position)
    }
    if page.compression == 1, !page.isTiled, !page.isMirrored,
      let first = try start(ofContiguous: offsets, page, format)
    {
      let bytes = format.shape.bytes * format.samples
      guard first >= 8, first <= file.size - bytes else { throw outside(first, bytes) }
      return .plain(first)
    }
    // The end of the last strip or tile shows whether the file is truncated.
    let last = try lastPart(of: page, offsets)
    guard last.bytes <= file.size, last.position <= file.size - last.bytes else {
      throw outside(last.position, last.bytes)
    }
    return .coded
  }

  private func outside(_ position: Int, _ bytes: Int) -> MovieError {
    MovieError(
      .truncated,
      "its \(bytes) bytes of pixels at byte \(position) exceed the file, which has \(file.size)",
      file: file.path, byte: file.size)
  }

  /// Where the strips of a page begin; nil if they do not follow one another.
  private func start(
    ofContiguous offsets: TIFFField, _ page: TIFFDirectory, _ format: TIFFFormat
  ) throws(MovieError) -> Int? {
    let shape = format.shape
    let rows = min(page.rowsPerStrip, shape.height)
    let perPlane = (shape.height + rows - 1) / rows
    // Samples lie side by side in a strip, or have strips of their own.
    let (wide, planes) = format.isPlanar ? (1, format.samples) : (format.samples, 1)
    let strips = perPlane * planes
    let step = rows * (shape.bytes / shape.height) * wide
    if offsets.count == 1, let position = scalar(offsets) { return strips == 1 ? position : nil }
    var first = 0
    var isWhole = offsets.count >= strips
    try forEachValue(of: offsets) { i, position in
      if i == 0 { first = position }
      // A difference, because the sum of an invalid position and a step may overflow.
      let place = i / perPlane * shape.bytes + i % perPlane * step
      if i < strips, position - first != place { isWhole = false }
      return isWhole
    }
    return isWhole ? first : nil
  }

  /// The strip or tile of a page that lies last in the file.
  private func lastPart(
    of page: TIFFDirectory, _ offsets: TIFFField
  ) throws(MovieError) -> (position: Int, bytes: Int) {
    guard let counts = page.counts, counts.count == offsets.count else {
      throw MovieError(
        .inconsistent, "the strips of a page have no lengths", file: file.path, byte: page.position)
    }
    var last = (index: 0, position: 0)
    try forEachValue(of: offsets) { i, position in
      if position > last.position { last = (i, position) }
      return true
    }
    var length = 0
    try forEachValue(of: counts) { i, count in
      if i == last.index { length = count }
      return i < last.index
    }
    return (last.position, length)
  }
}

/// The pages of a file in the order of its directories.
struct TIFFChain: Sendable {
  /// Positions of the directories.
  private(set) var directories = OffsetTable()
  /// Positions of the pixels; nil if a page is compressed, tiled or scattered.
  private(set) var pixels: OffsetTable? = OffsetTable()
  private(set) var notes: [String] = []
  /// Why the chain ends early, if it does.
  private(set) var truncation: Truncation?
  /// Bytes of the directories that were read, and their number.
  private var directoryBytes = 0
  private var directoriesRead = 0
  private var hasOtherImages = false

  /// Follows the chain from `first`, checking every page, to its end or to the first error.
  init(
    _ layout: TIFFLayout, from first: TIFFDirectory, _ format: TIFFFormat
  ) throws(MovieError) {
    var visited = OffsetTable()
    var page = first
    while true {
      var index = visited.count
      visited.append(page.position)
      if index == 0 || format.matches(page) && !page.isReduced {
        do throws(MovieError) {
          try append(page, layout.placement(of: page, format))
        } catch {
          try error.throwIfUnread()
          guard index > 0 else { throw error }
          truncation = Truncation("page \(index): \(error.what)", file: error.file)
          return
        }
      } else if page.isReduced || page.next == 0 && page.width < format.shape.width {
        notes.append(
          "page \(index) is a thumbnail of \(page.width) x \(page.height) and is skipped")
      } else {
        throw MovieError(
          .inconsistent,
          "page \(index) has \(page.width) x \(page.height) pixels of \(page.bits) bits, page 0 "
            + "\(format.shape.width) x \(format.shape.height) of \(format.sample.bytes * 8)",
          file: layout.file.path, frame: index,
          hint:
            "frames of a movie must have one size and type; save these pages as a separate stack"
        )
      }
      leap(from: &page, &visited, layout, format)
      index = visited.count - 1
      guard page.next != 0 else { return }
      // A loop must jump backwards somewhere.
      if page.next <= page.position, let earlier = visited.index(of: page.next) {
        notes.append(
          "the chain of pages loops from page \(index) back to page \(earlier) and is cut there")
        return
      }
      let next = try MovieError.ifWhole { () throws(MovieError) in
        try layout.directory(at: page.next)
      }
      guard let next, next.isPage else {
        truncation = Truncation(
          "page \(index + 1) should begin at byte \(page.next), but the file has only "
            + "\(layout.file.size) bytes", file: layout.file.path)
        return
      }
      page = next
    }
  }

  /// A note if the file has room for further frames that no directory describes; nil otherwise.
  func unexplained(_ layout: TIFFLayout, _ format: TIFFFormat) -> String? {
    guard pixels != nil, !hasOtherImages, notes.isEmpty, truncation == nil, directoriesRead > 0
    else { return nil }
    let frames = directories.count
    let perFrame = format.shape.bytes * format.samples + directoryBytes / directoriesRead
    guard frames <= layout.file.size / perFrame else { return nil }
    let rest = layout.file.size - frames * perFrame
    // Headers, padding and private data are smaller than this.
    guard rest >= max(4096, format.shape.bytes * format.samples) else { return nil }
    let room = rest / (format.shape.bytes * format.samples)
    return "\(frames) of up to \(frames + room) frames: \(rest) bytes of the file belong to no page"
  }

  /// The number of consecutive pages at equal distances before the rest is inferred.
  private static let evenPages = 4096

  /// Skips ahead in a long regular chain: if the pages at the quarters of a distance are exactly
  /// where the pattern predicts, so are the pages between them. A chain of a million pages takes a
  /// few thousand reads instead of a million.
  private mutating func leap(
    from page: inout TIFFDirectory, _ visited: inout OffsetTable, _ layout: TIFFLayout,
    _ format: TIFFFormat
  ) {
    let (stride, length) = directories.progression
    guard length % Self.evenPages == 0, length > 0, stride > 0, visited.count == directories.count,
      let (step, even) = pixels?.progression, even >= Self.evenPages
    else { return }
    func continues(_ distance: Int) -> TIFFDirectory? {
      let position = page.position + distance * stride
      guard let far = try? layout.directory(at: position), format.matches(far), !far.isReduced,
        far.next == 0 || far.next == position + stride,
        case .plain(let start)? = try? layout.placement(of: far, format)
      else { return nil }
      // A quotient, since the product of broken numbers may overflow.
      let ahead = start - pixels![pixels!.count - 1]
      return (step == 0 ? ahead == 0 : ahead % step == 0 && ahead / step == distance) ? far : nil
    }
    var distance = 1 << 40
    while distance >= 64 {
      if distance <= (layout.file.size - page.position) / stride,
        (1...3).allSatisfy({ (continues(distance / 4 * $0)?.next ?? 0) != 0 }),
        let far = continues(distance)
      {
        directories.extend(by: distance)
        pixels!.extend(by: distance)
        visited.extend(by: distance)
        page = far
      }
      distance /= 2
    }
  }

  private mutating func append(_ page: TIFFDirectory, _ placement: TIFFPlacement) {
    directories.append(page.position)
    directoryBytes &+= page.bytes
    directoriesRead += 1
    if page.hasSubImages { hasOtherImages = true }
    if case .plain(let position) = placement { pixels?.append(position) } else { pixels = nil }
  }
}

/// Frames at known directories of one TIFF: compressed or tiled pages, and indexed pages whose
/// directories are read on demand.
final class TIFFPagesMovie: Movie {
  let info: MovieInfo
  private let layout: TIFFLayout
  private let format: TIFFFormat
  private let directories: OffsetTable
  private let decoder: TIFFDecoder

  init(_ layout: TIFFLayout, _ format: TIFFFormat, _ directories: OffsetTable, info: MovieInfo) {
    self.layout = layout
    self.format = format
    self.directories = directories
    self.info = info
    decoder = TIFFDecoder(layout.file)
  }

  func changes() -> [String] { layout.file.changes }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try info.forEach(frames, in: buffer) { frame, target throws(MovieError) in
      try read(directories[frame], into: target)
    }
  }

  private func read(
    _ position: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    let page = try layout.directory(at: position)
    guard format.matches(page) else {
      throw MovieError(
        .inconsistent,
        "a page of \(page.width) x \(page.height) pixels of \(page.bits) bits in a movie of "
          + "\(info.width) x \(info.height)", file: layout.file.path, byte: position)
    }
    let pixels = info.width * info.height
    switch try layout.placement(of: page, format) {
    case .plain(let offset):
      try PixelStorage(sample: format.sample, bigEndian: layout.bigEndian).read(
        pixels, at: offset, of: layout.file, into: target)
    case .coded:
      try decoder.decode(page, format, into: target)
    }
  }
}
