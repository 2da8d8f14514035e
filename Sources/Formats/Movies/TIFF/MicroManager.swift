import Foundation
import Microscopy

/// The header that Micro-Manager adds to its stacks, in the file's byte order: magic numbers and
/// positions of the index map (at 8), display settings (16), comments (24) and summary (32).
struct MicroManagerHeader: Sendable {
  /// Position of the index map; 0 if the acquisition did not end properly.
  private let indexPosition: Int
  /// The summary as JSON, at most 64 KiB of it.
  let summary: String
  private let description: Summary

  private static let mapOffset: UInt32 = 54_773_648
  private static let map: UInt32 = 3_453_623
  private static let summaryMark: UInt32 = 2_355_492

  /// nil if the TIFF was not written by Micro-Manager.
  init?(_ layout: TIFFLayout) throws(MovieError) {
    guard !layout.isBig else { return nil }
    let reader = ByteReader(
      bytes: try layout.file.bytes(at: 0, count: 40), bigEndian: layout.bigEndian)
    guard reader.integer(UInt32.self, at: 8) == Self.mapOffset,
      reader.integer(UInt32.self, at: 32) == Self.summaryMark,
      let position = reader.integer(UInt32.self, at: 12),
      let length = reader.integer(UInt32.self, at: 36)
    else { return nil }
    indexPosition = Int(position)
    let text = try layout.file.bytes(at: 40, count: min(Int(length), 1 << 24))
    summary = String(decoding: text.prefix(1 << 16), as: UTF8.self)
    description = Summary(text)
  }

  var isInterrupted: Bool { indexPosition == 0 }

  /// From `"PixelSize_um"` of the summary.
  var pixelSize: StatedPixelSize? { Self.pixelSize(in: summary, key: "PixelSize_um") }

  /// From a key of a JSON text in micrometres.
  static func pixelSize(in json: String, key: String) -> StatedPixelSize? {
    guard let key = json.range(of: "\"\(key)\":") else { return nil }
    let text = json[key.upperBound...].prefix(32).drop { $0 == " " }
      .prefix { "+-.0123456789eE".contains($0) }
    return Double(text).map { StatedPixelSize($0, unit: "µm") }
  }

  /// The axes of the places in an index map; of two axes that change equally often, the first one
  /// is the slower.
  static let axes: [PlaneAxis] = [.time, .position, .slice, .channel]

  /// The pages that an index map lists.
  struct Index {
    /// In the order of acquisition.
    var directories: OffsetTable
    /// The place of each page.
    var grid: PlaneGrid
    var notes: [String]
    var truncation: Truncation?
  }

  /// The axes of `pages` pages in the order of acquisition, as far as the summary tells.
  func axes(pages: Int) -> [AxisExtent] {
    let (channels, slices) = (description.channels, description.slices)
    let (inner, overflow) = channels.multipliedReportingOverflow(by: slices)
    guard pages > 0, inner > 1, !overflow, inner < 1 << 31 else { return [] }
    let names = description.channelNames.count == channels ? description.channelNames : []
    let fast = [AxisExtent(.slice, slices), AxisExtent(.channel, channels, names: names)]
    return
      ([AxisExtent(.time, (pages - 1) / inner + 1)]
      + (description.slicesFirst ? fast.reversed() : fast)).filter { $0.count > 1 }
  }

  /// What the summary calls channels and positions, by their numbers.
  var names: [PlaneAxis: [Int32: String]] {
    func numbered(_ names: [String]) -> [Int32: String] {
      Dictionary(uniqueKeysWithValues: names.prefix(10_000).enumerated().map { (Int32($0), $1) })
    }
    return [
      .channel: numbered(description.channelNames), .position: numbered(description.positionNames),
    ]
  }

  /// The index map; nil if it is missing or invalid.
  ///
  /// An entry is five u32: channel, slice, frame, position, offset of the directory.
  func index(_ layout: TIFFLayout, _ format: TIFFFormat) throws(MovieError) -> Index? {
    guard indexPosition > 0 else { return nil }
    let head = ByteReader(
      bytes: try layout.file.bytes(at: indexPosition, count: 8), bigEndian: layout.bigEndian)
    guard head.integer(UInt32.self, at: 0) == Self.map,
      let count = head.integer(UInt32.self, at: 4), count > 0,
      Int(count) <= (layout.file.size - indexPosition) / 20
    else { return nil }
    let entries = ByteReader(
      bytes: try layout.file.bytes(at: indexPosition + 8, count: Int(count) * 20),
      bigEndian: layout.bigEndian)
    var directories = OffsetTable()
    var places: [PlaneGrid.Place] = []
    for i in 0..<Int(count) {
      guard let offset = entries.integer(UInt32.self, at: i * 20 + 16) else { break }
      // Images that were declared but never written have no position.
      if offset == 0 { continue }
      directories.append(Int(offset))
      var place = PlaneGrid.Place()
      for (axis, field) in [2, 3, 1, 0].enumerated() {
        place[axis] = entries.integer(Int32.self, at: i * 20 + field * 4) ?? 0
      }
      places.append(place)
    }
    // The last directories may refer to data that was not written.
    let declared = directories.count
    while directories.count > 0, try !isWhole(directories[directories.count - 1], layout, format) {
      directories.truncate(to: directories.count - 1)
      if declared - directories.count > 64 { return nil }
    }
    guard directories.count > 0, try isWhole(directories[0], layout, format) else { return nil }
    let unwritten = Int(count) - declared
    let lost = declared - directories.count
    var grid = PlaneGrid(axes: Self.axes)
    for place in places.prefix(directories.count) { grid.append(place) }
    return Index(
      directories: directories, grid: grid,
      notes: unwritten == 0
        ? [] : ["the index map lists \(count) frames, \(unwritten) of which were not written"],
      truncation: lost == 0
        ? nil
        : Truncation(
          "the index map lists \(declared) frames, the last \(lost) are incomplete in the file of "
            + "\(layout.file.size) bytes", file: layout.file.path)
    )
  }

  private func isWhole(
    _ position: Int, _ layout: TIFFLayout, _ format: TIFFFormat
  ) throws(MovieError) -> Bool {
    try MovieError.ifWhole { () throws(MovieError) in
      let page = try layout.directory(at: position)
      guard format.matches(page) else { return false }
      _ = try layout.placement(of: page, format)
      return true
    } ?? false
  }

  /// The files of a stack that was split at 4 GB: `x.ome.tif`, `x_1.ome.tif`, `x_2.ome.tif`, …
  ///
  /// `path` may be any of them. Files after a missing one cannot be placed.
  static func files(of path: String) -> (paths: [String], truncation: Truncation?) {
    let name = path.fileName
    guard let suffix = [".ome.tif", ".ome.tiff", ".tif", ".tiff"].first(where: name.hasSuffix)
    else { return ([path], nil) }
    let stem = String(name.dropLast(suffix.count))
    let folder = path.folder
    func part(_ stem: String, _ index: Int) -> String {
      folder.appending(stem + (index == 0 ? "" : "_\(index)") + suffix)
    }
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    var first = stem
    if let cut = stem.lastIndex(of: "_"), stem[cut...].dropFirst().allSatisfy(\.isNumber),
      stem[cut...].count > 1, stem[..<cut].contains("MMStack"),
      exists(part(String(stem[..<cut]), 0))
    {
      first = String(stem[..<cut])
    }
    var paths = [part(first, 0)]
    while exists(part(first, paths.count)) { paths.append(part(first, paths.count)) }
    let gap = paths.count
    let lost = (gap + 1..<gap + 100).filter { exists(part(first, $0)) }
    return (
      paths,
      lost.isEmpty
        ? nil
        : Truncation(
          "this file of the set is missing, but \(lost.count) after it exist",
          file: part(first, gap))
    )
  }
}

/// What the summary of an acquisition says about its axes.
private struct Summary: Sendable {
  var channels = 1
  var slices = 1
  /// Whether all slices of a channel come before the next channel.
  var slicesFirst = false
  var channelNames: [String] = []
  var positionNames: [String] = []

  /// Text that is not JSON says nothing.
  init(_ text: [UInt8]) {
    guard let object = try? JSONSerialization.jsonObject(with: Data(text)),
      let fields = object as? [String: Any]
    else { return }
    channels = max(1, fields["Channels"] as? Int ?? 1)
    slices = max(1, fields["Slices"] as? Int ?? 1)
    slicesFirst = fields["SlicesFirst"] as? Bool ?? false
    channelNames = fields["ChNames"] as? [String] ?? []
    let positions = fields["StagePositions"] as? [[String: Any]] ?? []
    positionNames = positions.compactMap { $0["Label"] as? String }
    if positionNames.count < positions.count { positionNames = [] }
  }
}
