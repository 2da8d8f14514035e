import Microscopy

/// The planes of a CZI file in the order time, position, slice, channel, up to the first missing one.
struct CZIOrder {
  /// Positions of the blocks.
  private(set) var positions = OffsetTable()
  /// Time points, those with missing planes included.
  let times: Int
  let slices: Int
  let channels: [Int32]
  private(set) var truncation: Truncation?

  var count: Int { positions.count }

  /// - Parameters:
  ///   - planes: the planes of `scenes`, in any order.
  ///   - leastBytes: bytes that a plane has behind the header of its block.
  init(
    _ planes: [CZIDirectory.Plane], _ scenes: [Int32], leastBytes: Int, hasTiles: Bool,
    _ file: FileBytes
  ) throws(MovieError) {
    let slices = Set(planes.map(\.slice)).sorted()
    let channels = Set(planes.map(\.channel)).sorted()
    self.slices = slices.count
    self.channels = channels
    let first = planes.map(\.time).min() ?? 0
    let last = planes.map(\.time).max() ?? 0
    times = Int(last) - Int(first) + 1
    // No more than all planes, because each of these numbers counts different ones of them.
    let (cells, overflow) = (scenes.count * slices.count).multipliedReportingOverflow(
      by: channels.count)
    guard !overflow, cells <= planes.count, times <= Self.most / cells else {
      throw MovieError(
        .inconsistent,
        "the file has \(planes.count) planes for \(times) time points × \(scenes.count) positions "
          + "× \(slices.count) slices × \(channels.count) channels", file: file.path)
    }
    // Later time points lie behind a missing plane.
    let most = min(times, planes.count / cells)
    var table = [Int](repeating: -1, count: most * cells)
    let rows = Self.ranks(scenes)
    let layers = Self.ranks(slices)
    let columns = Self.ranks(channels)
    for plane in planes {
      let time = Int(plane.time) - Int(first)
      guard time < most, let scene = rows[plane.scene], let slice = layers[plane.slice],
        let channel = columns[plane.channel],
        plane.position > 0, plane.position <= file.size - 288 - leastBytes
      else { continue }
      let place = ((time * scenes.count + scene) * slices.count + slice) * channels.count + channel
      guard table[place] < 0 else {
        throw MovieError(
          hasTiles ? .unsupported : .inconsistent,
          hasTiles
            ? "a CZI mosaic, whose planes consist of several tiles"
            : "the file has several images of time point \(plane.time), slice \(plane.slice), "
              + "channel \(plane.channel)", file: file.path,
          hint: "export the movie itself as OME-TIFF in ZEN")
      }
      table[place] = plane.position
    }
    let hole = table.firstIndex { $0 < 0 } ?? table.count
    guard hole > 0 else {
      throw MovieError(
        .truncated, "the first plane of the first time point is missing", file: file.path)
    }
    if hole < times * cells {
      truncation = Truncation(
        "a plane of time point \(hole / cells) of \(times) is missing, counted from 0",
        file: file.path)
    }
    for position in table[..<hole] { positions.append(position) }
  }

  private static let most = 1 << 31

  private static func ranks(_ values: [Int32]) -> [Int32: Int] {
    Dictionary(values.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
  }
}
