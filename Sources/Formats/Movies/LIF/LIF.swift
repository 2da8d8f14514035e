import Microscopy

/// Leica LIF (LAS AF, LAS X): XML that describes the images, then their bytes in blocks.
///
/// A part is u32 0x70, u32 length, u8 0x2A. The first one goes on with u32 n and n characters of
/// UTF-16, the XML; the others with the size of the block (u32, in version 2 u64), u8 0x2A, u32 n, n
/// characters, its name, and the block.
enum LIF {
  /// The movie; nil if `head` is not the beginning of a LIF file.
  static func open(
    _ file: FileBytes, head: [UInt8], options: MovieOptions
  ) throws(MovieError) -> (any Movie)? {
    let start = head[...]
    guard start.little(UInt32.self, at: 0) == 0x70, start.little(UInt8.self, at: 8) == 0x2A,
      let count = start.little(UInt32.self, at: 9).map(Int.init)
    else { return nil }
    guard count <= Self.longestXML / 2, 2 * count <= file.size - 13 else {
      throw MovieError(
        .truncated, "the description of the images, \(count) characters, is not in the file",
        file: file.path)
    }
    let (images, version) = LIFImage.all(try text(file, at: 13, count))
    guard !images.isEmpty else {
      throw MovieError(
        .noFrames, "a Leica file without images", file: file.path,
        hint: "LIF files hold images; of LOF and XLEF files, open the LIF or export TIFF")
    }
    let blocks = try blocks(file, from: 13 + 2 * count, version, Set(images.compactMap(\.block)))
    return try movie(images, blocks, file, options)
  }

  private static let longestXML = 1 << 28

  /// UTF-16 as UTF-8.
  private static func text(
    _ file: FileBytes, at place: Int, _ count: Int
  ) throws(MovieError) -> [UInt8] {
    let bytes = try file.bytes(at: place, count: 2 * count)
    var text: [UInt8] = []
    text.reserveCapacity(count)
    let units = stride(from: 0, to: bytes.count - 1, by: 2).lazy.map {
      UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
    }
    _ = transcode(
      units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: false
    ) { text.append($0) }
    return text
  }

  /// The positions and sizes of the blocks with these names.
  private static func blocks(
    _ file: FileBytes, from place: Int, _ version: Int, _ names: Set<String>
  ) throws(MovieError) -> [String: (place: Int, bytes: Int)] {
    var found: [String: (place: Int, bytes: Int)] = [:]
    var place = place
    for _ in 0..<mostBlocks {
      guard found.count < names.count else { break }
      let head = try file.bytes(at: place, count: 512)[...]
      let sizeBytes = version >= 2 ? 8 : 4
      guard head.little(UInt32.self, at: 0) == 0x70, head.little(UInt8.self, at: 8) == 0x2A,
        head.little(UInt8.self, at: 9 + sizeBytes) == 0x2A,
        let size = version >= 2
          ? head.little(UInt64.self, at: 9).flatMap({ Int(exactly: $0) })
          : head.little(UInt32.self, at: 9).map(Int.init),
        let characters = head.little(UInt32.self, at: 10 + sizeBytes).map(Int.init),
        characters <= 240
      else { break }
      let name = String(
        decoding: try text(file, at: place + 14 + sizeBytes, characters), as: UTF8.self)
      place += 14 + sizeBytes + 2 * characters
      if names.contains(name), found[name] == nil { found[name] = (place, size) }
      guard size < file.size - place else { break }
      place += size
    }
    return found
  }

  /// Each of them takes a read, so there is an end.
  private static let mostBlocks = 1 << 20

  private static func movie(
    _ images: [LIFImage], _ blocks: [String: (place: Int, bytes: Int)], _ file: FileBytes,
    _ options: MovieOptions
  ) throws(MovieError) -> any Movie {
    if images.count == 1 {
      let planes = try LIFPlanes(images[0], file: file.path)
      return try movie(images, [planes], blocks, file)
    }
    let planes = images.map { try? LIFPlanes($0, file: file.path) }
    // Images that are alike are one movie with an axis for them.
    let readable = planes.compactMap(\.self)
    if readable.count == images.count, readable.allSatisfy({ $0.isLike(readable[0]) }) {
      return try movie(images, readable, blocks, file)
    }
    let (series, chosen) = try AxisExtent.unlike(
      .series, planes.map { $0?.description ?? "not readable as frames" },
      names: images.map(\.name), first: planes.firstIndex { $0 != nil } ?? 0,
      options.planes[.series], file: file.path)
    let image = images[chosen]
    let ofImage = try LIFPlanes(image, file: file.path)
    return try movie([image], [ofImage], blocks, file, unlike: series)
  }

  /// A movie of images that are alike.
  private static func movie(
    _ images: [LIFImage], _ planes: [LIFPlanes], _ blocks: [String: (place: Int, bytes: Int)],
    _ file: FileBytes, unlike: AxisExtent? = nil
  ) throws(MovieError) -> any Movie {
    let first = planes[0]
    var starts: [Int] = []
    var frames = 0
    var truncation: Truncation?
    for (image, planes) in zip(images, planes) {
      guard truncation == nil else { break }
      guard let name = image.block, let block = blocks[name], block.place <= file.size else {
        truncation = Truncation(
          "the pixels of the image `\(image.name)` are missing", file: file.path)
        break
      }
      starts.append(block.place)
      let bytes = min(block.bytes, file.size - block.place)
      if bytes >= planes.bytes {
        frames += planes.count
        continue
      }
      let most = min(planes.count, bytes / planes.layout.bytesOfPlane)
      var present = 0
      while present < most,
        planes.place(of: present).offset <= bytes - planes.layout.bytesOfPixels
      { present += 1 }
      frames += present
      truncation = Truncation(
        "the pixels of the image `\(image.name)` end after \(present) of \(planes.count) planes",
        file: file.path)
    }
    guard frames > 0 else {
      throw MovieError(
        .truncated, truncation?.what ?? "the image has no planes", file: file.path)
    }
    var axes = first.axes
    if let unlike {
      axes.insert(unlike, at: 0)
    } else if images.count > 1 {
      axes.insert(AxisExtent(.series, images.count, names: images.map(\.name)), at: 0)
    }
    let several = axes.filter { $0.count > 1 }
    let image = images[0]
    var acquisition = Acquisition()
    acquisition.exposures = image.exposures
    acquisition.start = image.start
    acquisition.channels = image.channels.map(\.name).filter { !$0.isEmpty }
    if let time = image.dimensions.first(where: { $0.id == 4 }), time.count > 1 {
      acquisition.interval = time.length.map { $0 * 1000 / Double(time.count - 1) }
    }
    let pixel = image.dimensions.first { $0.id == 1 }.flatMap { x in
      x.count > 1 ? x.length.map { $0 / Double(x.count - 1) } : nil
    }
    let pixelSize = StatedPixelSize(pixel, unit: "m")
    return BlockMovie(
      file: file, layout: first.layout, index: Blocks(starts: starts, planes: planes),
      info: MovieInfo(
        width: first.layout.width, height: first.layout.height, frames: frames,
        pixel: first.layout.storage.sample.delivered, format: "LIF",
        storage: first.layout.storage.description, byteOrder: first.layout.storage.byteOrder,
        pixelSize: pixelSize.size,
        axes: several.isEmpty || several.map(\.axis) == [.time] ? [] : axes,
        notes: first.notes + pixelSize.notes,
        metadata: acquisition.metadata.merging(["image": image.name]) { $1 }, files: [file.path],
        truncation: truncation))
  }

  /// Finds planes by computing their place.
  struct Blocks: BlockIndex {
    /// Where the block of each image begins.
    let starts: [Int]
    let planes: [LIFPlanes]

    func block(_ plane: Int, of file: FileBytes) throws(MovieError) -> StoredBlock {
      let (image, rest) = plane.quotientAndRemainder(dividingBy: planes[0].count)
      let (offset, component) = planes[image].place(of: rest)
      return StoredBlock(
        offset: starts[image] + offset, count: planes[image].layout.bytesOfPixels,
        component: component)
    }
  }
}
