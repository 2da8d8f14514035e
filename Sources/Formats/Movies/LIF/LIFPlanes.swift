import Microscopy

/// How the planes of an image lie in its block of a LIF file.
struct LIFPlanes {
  let layout: BlockLayout
  /// Position, time, slice, channel.
  let axes: [AxisExtent]
  /// Bytes from one plane to the next along `axes`, but for channels, which state their own.
  private let steps: [Int]
  /// Where the planes of each channel begin, in bytes and, within a pixel, in values.
  private let channels: [(bytes: Int, component: Int)]
  let notes: [String]
  /// Bytes up to the end of the last plane.
  let bytes: Int

  var count: Int { axes.reduce(1) { $0 * $1.count } }

  init(_ image: LIFImage, file: String) throws(MovieError) {
    func refuse(_ what: String, _ kind: MovieError.Kind = .unsupported) -> MovieError {
      MovieError(
        kind, "the image `\(image.name)` \(what)", file: file,
        hint: "export the movie itself as TIFF in LAS X")
    }
    guard let x = image.dimensions.first(where: { $0.id == 1 }), let first = image.channels.first
    else { throw refuse("has no rows of pixels") }
    guard let sample = Self.sample(first), image.channels.allSatisfy({ Self.sample($0) == sample })
    else {
      throw refuse("has pixels of \(first.bits) bits, or channels of different types")
    }
    // A frame is what the microscope scans first: x and y, or x and z.
    let others = image.dimensions.filter { $0.id != 1 && $0.count != 1 }
      .sorted { $0.bytes < $1.bytes }
    guard let y = others.first(where: { $0.id == 2 || $0.id == 3 }) else {
      throw refuse("has no frames, but lines or points")
    }
    guard x.bytes % sample.bytes == 0, x.bytes > 0 else {
      throw refuse("has pixels \(x.bytes) bytes apart", .inconsistent)
    }
    let components = x.bytes / sample.bytes
    layout = try BlockLayout(
      width: x.count, height: y.count, sample: sample, components: components,
      rowBytes: y.bytes, file: file)
    notes =
      y.id == 3
      ? ["the frames of `\(image.name)` are x–z scans: their rows are at different heights"] : []

    var extents: [(AxisExtent, Int)] = []
    for (axis, id) in [(PlaneAxis.position, 10), (.time, 4), (.slice, 3)] where id != y.id {
      let dimension = others.first { $0.id == id }
      extents.append((AxisExtent(axis, dimension?.count ?? 1), dimension?.bytes ?? 0))
    }
    if y.id == 3 { extents.append((AxisExtent(.slice, 1), 0)) }
    let read = [1, 3, 4, 10, y.id]
    if let other = others.first(where: { !read.contains($0.id) }) {
      throw refuse(
        "has \(other.count) planes along \(Self.names[other.id] ?? "dimension \(other.id)")")
    }
    if image.dimensions.contains(where: { $0.count == 0 }) { throw refuse("is empty", .noFrames) }
    let names = image.channels.map(\.name)
    extents.append(
      (AxisExtent(.channel, names.count, names: Set(names).count == names.count ? names : []), 0))
    axes = extents.map(\.0)
    steps = extents.map(\.1)
    channels = image.channels.map { channel in
      components > 1 && channel.bytes < x.bytes && channel.bytes % sample.bytes == 0
        ? (0, channel.bytes / sample.bytes) : (channel.bytes, 0)
    }
    // Where the last plane ends; the products of a damaged file may not be numbers at all.
    var end = channels.map(\.bytes).max() ?? 0
    var planes = 1
    for (extent, step) in extents {
      let (distance, tooFar) = (extent.count - 1).multipliedReportingOverflow(by: step)
      let (sum, tooLarge) = end.addingReportingOverflow(distance)
      let (product, tooMany) = planes.multipliedReportingOverflow(by: extent.count)
      guard !tooFar, !tooLarge, !tooMany, sum < 1 << 60, product < 1 << 40 else {
        throw refuse("has an impossible size", .inconsistent)
      }
      (end, planes) = (sum, product)
    }
    bytes = end + layout.bytesOfPixels
    // Planes that overlap would make a small file a movie of any length.
    guard planes <= bytes / layout.bytesOfPlane else {
      throw refuse("states planes that overlap", .inconsistent)
    }
  }

  private static let names = [
    2: "y", 5: "wavelengths", 6: "rotations", 7: "x–t slices", 8: "time slices",
    9: "excitation wavelengths", 11: "loops",
  ]

  private static func sample(_ channel: LIFImage.Channel) -> Sample? {
    switch (channel.isFloat, channel.bits) {
    case (false, 1...8): .uint8
    case (false, 9...16): .uint16
    case (false, 32): .uint32
    case (true, 32): .float32
    case (true, 64): .float64
    default: nil
    }
  }

  /// The size, pixels and axes of the image.
  var description: String {
    let several = axes.filter { $0.count > 1 }.map { $0.axis.counted($0.count) }
    return (["\(layout.width) x \(layout.height) \(layout.storage.sample)"] + several)
      .joined(separator: ", ")
  }

  /// Whether the planes of both images can be those of one movie.
  func isLike(_ other: LIFPlanes) -> Bool {
    layout == other.layout && axes.map(\.count) == other.axes.map(\.count) && notes == other.notes
  }

  /// The bytes of a plane, from the start of the block.
  func place(of plane: Int) -> (offset: Int, component: Int) {
    let channel = channels[plane % channels.count]
    var rest = plane / channels.count
    var offset = channel.bytes
    for (axis, step) in zip(axes, steps).dropLast().reversed() {
      offset += rest % axis.count * step
      rest /= axis.count
    }
    return (offset, channel.component)
  }
}
