import Microscopy

/// Zeiss CZI (ZEN): uncompressed planes, or planes compressed with Zstandard.
///
/// Header fields: i32 file part at 80, i64 position of the directory at 84 and of the metadata at 92,
/// i32 "update pending" at 100, i64 position of the attachments at 104.
enum CZI {
  /// The movie; nil if `head` is not the beginning of a CZI file.
  static func open(
    _ file: FileBytes, head: [UInt8], options: MovieOptions
  ) throws(MovieError) -> (any Movie)? {
    guard head.starts(with: Array("ZISRAWFILE".utf8)) else { return nil }
    let header = ByteReader(bytes: head, bigEndian: false)
    guard let part = header.integer(Int32.self, at: 80),
      let directory = header.integer(Int64.self, at: 84),
      let metadata = header.integer(Int64.self, at: 92),
      let pending = header.integer(Int32.self, at: 100),
      let attachments = header.integer(Int64.self, at: 104)
    else {
      throw MovieError(
        .truncated, "the file has \(file.size) bytes, less than the header of a CZI file",
        file: file.path)
    }
    guard part == 0 else {
      throw MovieError(
        .unsupported, "part \(part) of a CZI file that consists of several files", file: file.path,
        hint: "save it as one file, or export it as OME-TIFF, in ZEN")
    }
    let planes = try CZIDirectory(
      file, at: Int(exactly: directory) ?? 0, isUnfinished: pending != 0)
    try check(planes, file)
    let description = try CZIDescription(
      file, metadata: Int(exactly: metadata) ?? 0, attachments: Int(exactly: attachments) ?? 0)

    let scenes = Set(planes.planes.map(\.scene)).sorted()
    if planes.kinds.count == 1 {
      return try movie(planes, scenes, planes.kinds[0], planes.planes, description, file)
    }
    // Scenes may differ in size, but the planes of one scene may not.
    var ofScene: [Int32: Set<Int32>] = [:]
    for plane in planes.planes { ofScene[plane.scene, default: []].insert(plane.kind) }
    let kinds = scenes.map { ofScene[$0, default: []].sorted() }
    let names = kinds.map { kinds in
      kinds.prefix(4).map {
        let kind = planes.kinds[Int($0)]
        return "\(kind.width) x \(kind.height) \(pixels[kind.pixelType]?.name ?? "unknown")"
      }.joined(separator: " and ")
    }
    let (all, chosen) = try AxisExtent.unlike(
      .position, names, options.planes[.position], file: file.path)
    guard kinds[chosen].count == 1, let kind = kinds[chosen].first else {
      throw MovieError(
        .inconsistent, "the planes of the CZI file differ: \(names[chosen])",
        file: file.path, hint: "export the movie itself as OME-TIFF in ZEN")
    }
    return try movie(
      planes, [scenes[chosen]], planes.kinds[Int(kind)],
      planes.planes.filter { $0.scene == scenes[chosen] }, description, file,
      unlike: scenes.count == 1 ? nil : all)
  }

  private static let pixels: [Int32: (name: String, sample: Sample, components: Int)] = [
    0: ("Gray8", .uint8, 1), 1: ("Gray16", .uint16, 1), 2: ("Gray32Float", .float32, 1),
    3: ("Bgr24", .uint8, 3), 4: ("Bgr48", .uint16, 3), 8: ("Bgr96Float", .float32, 3),
    9: ("Bgra32", .uint8, 4), 12: ("Gray32", .uint32, 1),
  ]

  /// Refuses what is not read, by name.
  private static func check(_ planes: CZIDirectory, _ file: FileBytes) throws(MovieError) {
    guard !planes.planes.isEmpty else {
      throw planes.truncation.map { MovieError(.truncated, $0.what, file: $0.file) }
        ?? MovieError(.noFrames, "the CZI file has no planes", file: file.path)
    }
    let names: [Int32: String] = [1: "JPEG", 2: "LZW", 4: "JPEG-XR"]
    if let other = planes.compressions.subtracting([0, 5, 6]).min() {
      throw MovieError(
        .unsupported,
        "CZI planes with \(names[other].map { "\($0) compression" } ?? "compression \(other)")",
        file: file.path,
        hint: "save the file uncompressed or with Zstd, or export it as OME-TIFF, in ZEN")
    }
    let others = planes.otherDimensions
    guard others.isEmpty else {
      throw MovieError(
        .unsupported, "a CZI file with several \(others.joined(separator: " and "))",
        file: file.path, hint: "export one of them as a CZI file of its own in ZEN")
    }
  }

  private static func movie(
    _ directory: CZIDirectory, _ scenes: [Int32], _ kind: CZIDirectory.Kind,
    _ planes: [CZIDirectory.Plane], _ description: CZIDescription, _ file: FileBytes,
    unlike: AxisExtent? = nil
  ) throws(MovieError) -> any Movie {
    guard let (name, sample, components) = pixels[kind.pixelType] else {
      throw MovieError(.unsupported, "CZI pixels of type \(kind.pixelType)", file: file.path)
    }
    let layout = try BlockLayout(
      width: kind.width, height: kind.height, sample: sample, components: components,
      file: file.path)
    let isPlain = directory.compressions == [0]
    let order = try CZIOrder(
      planes, scenes, leastBytes: isPlain ? layout.bytes : 0, hasTiles: directory.hasTiles, file)
    guard order.count <= Int.max / components / layout.bytes else {
      throw MovieError(.inconsistent, "\(order.count) planes are not possible", file: file.path)
    }

    var acquisition = description.acquisition
    // Names belong to all channels of the file, of which planes may show some.
    let names = order.channels.compactMap {
      acquisition.channels.indices.contains(Int($0)) ? acquisition.channels[Int($0)] : nil
    }
    let named = names.count == order.channels.count && !names.allSatisfy(\.isEmpty)
    var channels = AxisExtent(.channel, order.channels.count, names: named ? names : [])
    var notes: [String] = []
    if components > 1 {
      let colours = ["blue", "green", "red", "alpha"].prefix(components)
      channels = AxisExtent(
        .channel, order.channels.count * components,
        names: (order.channels.count == 1 ? [""] : names).flatMap { name in
          colours.map { name.isEmpty ? $0 : "\(name) \($0)" }
        })
      if channels.names.count != channels.count { channels.names = [] }
      notes.append("the pixels are in colour: blue, green and red are read as channels")
    }
    if acquisition.interval == nil, description.times.count == order.times, order.times > 1 {
      acquisition.interval = description.times.span / Double(order.times - 1)
    }
    let axes = [
      AxisExtent(.time, order.times), unlike ?? AxisExtent(.position, scenes.count),
      AxisExtent(.slice, order.slices), channels,
    ]
    let several = axes.filter { $0.count > 1 }
    let truncation = directory.truncation ?? order.truncation
    if let truncation, several.count > 1 { notes.append(truncation.what) }
    return BlockMovie(
      file: file, layout: layout,
      index: Blocks(positions: order.positions, components: components, pixelType: kind.pixelType),
      info: MovieInfo(
        width: layout.width, height: layout.height, frames: order.count * components,
        pixel: sample.delivered, format: "CZI",
        storage: layout.storage.description + (isPlain ? "" : ", Zstandard"),
        byteOrder: layout.storage.byteOrder, pixelSize: description.pixelSize.size,
        axes: several.isEmpty || several.map(\.axis) == [.time] ? [] : axes,
        notes: notes + description.pixelSize.notes,
        metadata: acquisition.metadata.merging(["CZI pixels": name]) { $1 }, files: [file.path],
        truncation: truncation))
  }

  /// Finds planes by the header of their block.
  struct Blocks: BlockIndex {
    let positions: OffsetTable
    let components: Int
    let pixelType: Int32

    func block(_ plane: Int, of file: FileBytes) throws(MovieError) -> StoredBlock {
      let (place, component) = plane.quotientAndRemainder(dividingBy: components)
      let position = positions[place]
      let head = try file.bytes(at: position, count: 80)[...]
      guard head.starts(with: Array("ZISRAWSUBBLOCK".utf8)),
        let before = head.little(Int32.self, at: 32), before >= 0,
        let count = head.little(Int64.self, at: 40).flatMap({ Int(exactly: $0) }), count > 0,
        let type = head.little(Int32.self, at: 50), type == pixelType,
        let compression = head.little(Int32.self, at: 66),
        let dimensions = head.little(Int32.self, at: 76),
        (0...CZIDirectory.mostDimensions).contains(dimensions)
      else {
        throw MovieError(
          .readFailed, "the block of the plane is damaged", file: file.path, byte: position)
      }
      let data = position + 32 + max(256, 48 + 20 * Int(dimensions)) + Int(before)
      guard count <= file.size - data else {
        throw MovieError(
          .readFailed, "the block of the plane goes beyond the end of the file", file: file.path,
          byte: position)
      }
      switch compression {
      case 0: return StoredBlock(offset: data, count: count, component: component)
      case 5:
        return StoredBlock(offset: data, count: count, packing: .zstd, component: component)
      case 6:
        // Byte 0 is the size of a small header, which may say that high and low bytes are apart.
        let small = try file.bytes(at: data, count: 3)
        guard let size = small.first.map(Int.init), size == 1 || size == 3, count > size,
          size == 1 || small.count == 3 && small[1] == 1
        else { break }
        return StoredBlock(
          offset: data + size, count: count - size,
          packing: size == 3 && small[2] & 1 == 1 ? .zstdHighLow : .zstd, component: component)
      default: break
      }
      throw MovieError(
        .readFailed, "the plane has compression \(compression) with unknown parameters",
        file: file.path, byte: position)
    }
  }
}
