import Microscopy

/// The planes of a CZI file in the order position, time, slice, channel.
struct CZIOrder {
  /// Positions of the blocks.
  private(set) var positions = OffsetTable()
  /// Whole time points.
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
    let stated = Int(last) - Int(first) + 1
    // No more than all planes, because each of these numbers counts different ones of them.
    let (cells, overflow) = (scenes.count * slices.count).multipliedReportingOverflow(
      by: channels.count)
    guard !overflow, cells <= planes.count else {
      throw MovieError(
        .inconsistent,
        "the file has \(planes.count) planes for \(scenes.count) positions × \(slices.count) slices "
          + "× \(channels.count) channels", file: file.path)
    }
    let most = min(stated, planes.count / cells)
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
    times = hole / cells
    guard times > 0 else {
      throw MovieError(
        hole < table.count ? .truncated : .noFrames,
        "the first time point of the file lacks a plane: \(planes.count) planes for "
          + "\(scenes.count) positions × \(slices.count) slices × \(channels.count) channels",
        file: file.path)
    }
    if times < stated {
      truncation = Truncation(
        "time point \(times) of \(stated) lacks a plane, counted from 0", file: file.path)
    }
    for scene in scenes.indices {
      for time in 0..<times {
        let start = (time * scenes.count + scene) * slices.count * channels.count
        for place in start..<(start + slices.count * channels.count) {
          positions.append(table[place])
        }
      }
    }
  }

  private static func ranks(_ values: [Int32]) -> [Int32: Int] {
    Dictionary(values.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
  }
}
