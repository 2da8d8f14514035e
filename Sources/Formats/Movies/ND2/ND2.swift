import Microscopy

/// Nikon ND2 of versions 2 and 3 (NIS-Elements): uncompressed frames, or frames compressed without
/// loss by zlib.
///
/// A frame is a chunk with f64 time in milliseconds, then rows of `uiWidthBytes` bytes. The
/// components of a pixel, which are channels or colours, lie side by side.
enum ND2 {
  /// The movie; nil if `head` is not the beginning of an ND2 file.
  static func open(_ file: FileBytes, head: [UInt8]) throws(MovieError) -> (any Movie)? {
    if head.starts(with: [0, 0, 0, 0x0C, 0x6A, 0x50]) {
      throw MovieError(
        .unsupported,
        "a JPEG 2000 file, such as the ND2 files that NIS-Elements wrote before 2007",
        file: file.path, hint: "save it as a present ND2 file or as TIFF in NIS-Elements")
    }
    guard head.starts(with: ND2Chunks.magic) else { return nil }
    let chunks = try ND2Chunks(file)
    guard let attributes = try chunks.metadata("ImageAttributes") else {
      throw MovieError(
        .truncated, "the ND2 file has no image attributes, which state the size of its frames",
        file: file.path,
        hint: "if the acquisition was interrupted, open and save the file in NIS-Elements")
    }
    return try movie(chunks, attributes["SLxImageAttributes"] ?? attributes)
  }

  private static func movie(
    _ chunks: ND2Chunks, _ attributes: ND2Value
  ) throws(MovieError) -> any Movie {
    let file = chunks.file
    let compression = attributes["eCompression"]?.int ?? 2
    guard compression == 0 || compression == 2 else {
      throw MovieError(
        .unsupported, "ND2 frames with lossy compression", file: file.path,
        hint: "export the movie as TIFF in NIS-Elements")
    }
    func number(_ name: String) throws(MovieError) -> Int {
      guard let number = attributes[name]?.int, number > 0 else {
        throw MovieError(
          .inconsistent, "the image attributes do not state \(name)", file: file.path)
      }
      return number
    }
    let bits = try number("uiBpcInMemory")
    guard let sample = [8: Sample.uint8, 16: .uint16, 32: .float32][bits] else {
      throw MovieError(.unsupported, "ND2 pixels of \(bits) bits", file: file.path)
    }
    let rowBytes = attributes["uiWidthBytes"]?.int ?? 0
    let layout = try BlockLayout(
      width: try number("uiWidth"), height: try number("uiHeight"), sample: sample,
      components: try number("uiComp"), rowBytes: rowBytes == 0 ? nil : rowBytes, file: file.path)
    let index = Frames(
      chunks: chunks, components: layout.components, isCompressed: compression == 0)

    var notes: [String] = []
    let picture = optional(&notes) { () throws(MovieError) in
      try chunks.metadata("ImageMetadataSeq", "|0")
    }
    let experiment = optional(&notes) { () throws(MovieError) in
      try chunks.metadata("ImageMetadata")
    }
    let texts = optional(&notes) { () throws(MovieError) in try chunks.metadata("ImageTextInfo") }
    let description = ND2Description(
      picture?["SLxPictureMetadata"] ?? picture, texts?["SLxImageTextInfo"] ?? texts)

    let (present, truncation) = try frames(index, layout)
    var axes = ND2Loops(experiment?["SLxExperiment"] ?? experiment)
      .axes(of: present, isTruncated: truncation != nil, notes: &notes)
    var acquisition = description.acquisition
    acquisition.interval = try interval(index, axes)
    if let truncation, !axes.isEmpty { notes.append(truncation.what) }
    let channels = layout.components
    if channels > 1 {
      let names = description.channels.count == channels ? description.channels : []
      if axes.isEmpty { axes = [AxisExtent(.time, present)] }
      axes.append(AxisExtent(.channel, channels, names: names))
      if description.isColour {
        notes.append("the pixels are in colour: blue, green and red are read as channels")
      }
    }
    var metadata = acquisition.metadata
    for (name, value) in description.fields { metadata[name] = value }
    if let significant = attributes["uiBpcSignificant"]?.int, significant != bits {
      metadata["significant bits"] = "\(significant)"
    }
    return BlockMovie(
      file: file, layout: layout, index: index,
      info: MovieInfo(
        width: layout.width, height: layout.height, frames: present * channels,
        pixel: sample.delivered, format: "ND2",
        storage: layout.storage.description + (compression == 0 ? ", zlib" : ""),
        byteOrder: layout.storage.byteOrder, pixelSize: description.pixelSize.size, axes: axes,
        notes: notes + description.pixelSize.notes, metadata: metadata, files: [file.path],
        truncation: truncation))
  }

  /// Metadata that a movie can do without; a note says what is wrong with them.
  private static func optional(
    _ notes: inout [String], _ read: () throws(MovieError) -> ND2Value?
  ) -> ND2Value? {
    do throws(MovieError) {
      return try read()
    } catch {
      notes.append(error.what)
      return nil
    }
  }

  /// The frames whose bytes are in the file.
  private static func frames(
    _ index: Frames, _ layout: BlockLayout
  ) throws(MovieError) -> (Int, Truncation?) {
    let file = index.chunks.file
    let stated = index.chunks.frames.count
    let truncation = index.chunks.truncation
    guard stated > 0 else {
      throw truncation.map { MovieError(.truncated, $0.what, file: $0.file) }
        ?? MovieError(.noFrames, "the ND2 file has no frames", file: file.path)
    }
    guard stated <= Int.max / layout.components / layout.bytes else {
      throw MovieError(.inconsistent, "\(stated) frames are not possible", file: file.path)
    }
    // The last frames of a copy that was cut off are beyond the end of the file.
    let smallest = index.isCompressed ? 0 : layout.bytesOfPixels
    var present = 0
    while present < stated, index.chunks.frames[present] <= file.size - smallest - 24 {
      present += 1
    }
    guard present > 0 else {
      throw MovieError(
        .truncated, "the file ends within its first frame", file: file.path, byte: file.size)
    }
    let tear =
      present == stated
      ? nil : Truncation("the file ends within frame \(present) of \(stated)", file: file.path)
    return (present, truncation ?? tear)
  }

  /// The mean time between frames, ms, from the times of the first and the last one.
  private static func interval(
    _ index: Frames, _ axes: [AxisExtent]
  ) throws(MovieError) -> Double? {
    var axes = axes
    if axes.isEmpty { axes = [AxisExtent(.time, index.chunks.frames.count)] }
    guard let time = axes.firstIndex(where: { $0.axis == .time }), axes[time].count > 1 else {
      return nil
    }
    let last = axes[(time + 1)...].reduce(axes[time].count - 1) { $0 * $1.count }
    guard last < index.chunks.frames.count, let start = try index.time(of: 0),
      let end = try index.time(of: last)
    else { return nil }
    return (end - start) / Double(axes[time].count - 1)
  }

  /// Finds frames by their chunks.
  struct Frames: BlockIndex {
    let chunks: ND2Chunks
    let components: Int
    let isCompressed: Bool

    func block(_ plane: Int, of file: FileBytes) throws(MovieError) -> StoredBlock {
      let (frame, component) = plane.quotientAndRemainder(dividingBy: components)
      let place = chunks.frames[frame]
      guard let chunk = try chunks.chunk(at: place), chunk.count >= 8,
        ND2Chunks.frame(of: Array(chunk.name.utf8)[...]) == frame
      else {
        throw MovieError(
          .readFailed, "the chunk of the frame is damaged or goes beyond the end of the file",
          file: file.path, byte: place)
      }
      return StoredBlock(
        offset: chunk.data + 8, count: chunk.count - 8, packing: isCompressed ? .zlib : .none,
        component: component)
    }

    /// Milliseconds since the start of the acquisition.
    func time(of frame: Int) throws(MovieError) -> Double? {
      guard let chunk = try chunks.chunk(at: chunks.frames[frame]) else { return nil }
      return try chunks.file.bytes(at: chunk.data, count: 8)[...].double(at: 0)
    }
  }
}
