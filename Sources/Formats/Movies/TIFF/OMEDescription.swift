import Foundation
import Microscopy

/// The part of OME-XML that maps pages of files to planes.
struct OMEDescription {
  /// A run of consecutive planes on consecutive pages.
  struct Run {
    /// Index of the first plane in plane order.
    var index: Int
    /// Index in the image's `files`.
    var file: Int
    /// The page of the first plane.
    var page: Int
    var count: Int
  }

  /// One image (series) of the description.
  struct Image {
    var name = ""
    var width = 0
    var height = 0
    /// Planes along slices, channels and time; the axis that changes first comes first.
    var dimensions: [(axis: PlaneAxis, size: Int)] = []
    var channelNames: [String] = []
    /// Samples of a page, which the number of channels counts too.
    var samples = 0
    /// Names in order of appearance; an empty name is the file that holds the XML.
    var files: [String] = []
    var runs: [Run] = []
    /// The product of all dimensions; 0 if the numbers are invalid.
    var promised = 0
    /// nm; nil if it is not stated.
    var pixelSize: StatedPixelSize?
    fileprivate var hasPlaces = false

    /// The axes with more than one plane, the slowest first.
    var axes: [AxisExtent] {
      dimensions.reversed().filter { $0.size > 1 }.map { axis, size in
        let isNamed = axis == .channel && channelNames.count == size && !channelNames.contains("")
        return AxisExtent(axis, size, names: isNamed ? channelNames : [])
      }
    }
  }

  private(set) var images: [Image] = []
  /// The file with the XML, if this file only refers to it.
  private(set) var metadataFile: String?

  /// nil if the text is not OME-XML.
  init?(_ xml: String) {
    guard Self.isOME(xml) else { return nil }
    var name = ""
    var pending: [String: String]?
    for tag in XMLTags(xml) {
      switch tag.name {
      case "BinaryOnly": metadataFile = tag.attributes["MetadataFile"]
      case "Image": name = tag.attributes["Name", default: ""]
      case "Pixels":
        finish(&pending)
        images.append(Image(tag.attributes, name: name))
      case "Channel" where !images.isEmpty:
        images[images.count - 1].channelNames.append(tag.attributes["Name", default: ""])
        let samples = tag.attributes["SamplesPerPixel"].flatMap { Int($0) } ?? 1
        images[images.count - 1].samples += (1...4096).contains(samples) ? samples : 1
      case "TiffData":
        finish(&pending)
        pending = tag.attributes
      case "UUID":
        if let data = pending, !images.isEmpty {
          images[images.count - 1].take(data, tag.attributes["FileName", default: ""])
          pending = nil
        }
      default: break
      }
    }
    finish(&pending)
    // Without places the pages follow in the order of the dimensions.
    var page = 0
    for index in images.indices where images[index].runs.isEmpty && !images[index].hasPlaces {
      images[index].countChannels()
      let count = images[index].promised
      guard count > 0, page <= Self.mostPlanes else { break }
      images[index].files = [""]
      images[index].runs = [Run(index: 0, file: 0, page: page, count: count)]
      page += count
    }
    for index in images.indices {
      images[index].runs.sort { ($0.index, $0.file, $0.page) < ($1.index, $1.file, $1.page) }
    }
  }

  /// Whether all planes are in one file that has been renamed, and its name in the XML if so.
  mutating func adopt(_ name: String) -> String? {
    let names = Set(images.flatMap(\.files))
    guard names.count == 1, let only = names.first, only != "", only != name else { return nil }
    for index in images.indices where !images[index].files.isEmpty { images[index].files = [name] }
    return only
  }

  static func isOME(_ text: String) -> Bool { text.contains("<OME") || text.contains(":OME") }

  private mutating func finish(_ pending: inout [String: String]?) {
    if let pending, !images.isEmpty { images[images.count - 1].take(pending, "") }
    pending = nil
  }

  /// A limit that keeps sums and products of the numbers in the XML from overflowing.
  fileprivate static let mostPlanes = 1 << 40

  /// Pixel size from PhysicalSizeX and its unit (µm if missing), of the first image.
  static func pixelSize(_ xml: String) -> StatedPixelSize? {
    guard isOME(xml), let pixels = XMLTags(xml).first(where: { $0.name == "Pixels" }) else {
      return nil
    }
    return pixelSize(pixels.attributes)
  }

  fileprivate static func pixelSize(_ attributes: [String: String]) -> StatedPixelSize? {
    guard let size = attributes["PhysicalSizeX"].flatMap({ Double($0) }) else { return nil }
    return StatedPixelSize(size, unit: attributes["PhysicalSizeXUnit", default: "µm"])
  }
}

extension OMEDescription.Image {
  /// - Parameter attributes: those of the element `Pixels`.
  fileprivate init(_ attributes: [String: String], name: String) {
    self.name = name
    func size(_ key: String) -> Int { attributes[key].flatMap { Int($0) } ?? 1 }
    (width, height) = (size("SizeX"), size("SizeY"))
    let axes: [Character: PlaneAxis] = ["Z": .slice, "C": .channel, "T": .time]
    for letter in attributes["DimensionOrder", default: "XYZCT"].dropFirst(2) {
      guard let axis = axes[letter], !dimensions.contains(where: { $0.axis == axis }) else {
        continue
      }
      dimensions.append((axis, size("Size\(letter)")))
    }
    pixelSize = OMEDescription.pixelSize(attributes)
    multiply()
  }

  private mutating func multiply() {
    promised = dimensions.reduce(1) {
      let (product, overflow) = $0.multipliedReportingOverflow(by: $1.size)
      return overflow || $1.size < 1 || product > OMEDescription.mostPlanes ? 0 : product
    }
  }

  /// Counts channels by their pages: one with several samples, such as a colour, has one page.
  fileprivate mutating func countChannels() {
    guard let place = dimensions.firstIndex(where: { $0.axis == .channel }),
      samples > channelNames.count, samples == dimensions[place].size
    else { return }
    dimensions[place].size = channelNames.count
    samples = 0
    multiply()
  }

  /// Adds the pages of an element `TiffData`.
  fileprivate mutating func take(_ data: [String: String], _ name: String) {
    hasPlaces = true
    countChannels()
    guard promised > 0 else { return }
    let keys: [PlaneAxis: String] = [.slice: "FirstZ", .channel: "FirstC", .time: "FirstT"]
    var index = 0
    var step = 1
    for (axis, size) in dimensions {
      let first = keys[axis].flatMap { data[$0] }.flatMap { Int($0) } ?? 0
      let (place, overflow) = first.multipliedReportingOverflow(by: step)
      guard !overflow, place >= 0, place <= promised else { return }
      index += place
      step *= size
    }
    let page = data["IFD"].flatMap { Int($0) }
    let count = data["PlaneCount"].flatMap { Int($0) } ?? (page == nil ? promised - index : 1)
    guard count > 0, count <= promised, (page ?? 0) >= 0,
      (page ?? 0) <= OMEDescription.mostPlanes
    else { return }
    let file = files.firstIndex(of: name) ?? files.count
    if file == files.count { files.append(name) }
    runs.append(OMEDescription.Run(index: index, file: file, page: page ?? 0, count: count))
  }
}
