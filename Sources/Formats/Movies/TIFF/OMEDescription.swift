import Foundation

/// The part of OME-XML that maps pages of files to planes.
struct OMEDescription: Sendable {
  /// A run of consecutive planes on consecutive pages.
  struct Run: Sendable {
    /// Index of the first plane in plane order.
    var index: Int
    /// Index in `files`.
    var file: Int
    /// The page of the first plane.
    var page: Int
    var count: Int
  }

  /// Names in order of appearance; an empty name is the file that holds the XML.
  var files: [String] = []
  var runs: [Run] = []
  /// SizeZ · SizeC · SizeT; 0 if the numbers are invalid.
  var promised = 0
  /// The file with the XML, if this file only refers to it.
  var metadataFile: String?

  /// Reads the first image of `xml` that has a page in the file called `name`, or the first image.
  /// nil if the text is not OME-XML.
  init?(_ xml: String, name: String) {
    guard xml.contains("<OME") || xml.contains(":OME") else { return nil }
    var images: [OMEDescription] = []
    var dimensions: [(name: Character, size: Int)] = []
    var pending: [String: String]?
    for tag in XMLTags(xml) {
      switch tag.name {
      case "BinaryOnly": metadataFile = tag.attributes["MetadataFile"]
      case "Pixels":
        images.append(OMEDescription())
        dimensions = tag.attributes["DimensionOrder", default: "XYZCT"].dropFirst(2).map {
          ($0, tag.attributes["Size\($0)"].flatMap(Int.init) ?? 1)
        }
        images[images.count - 1].promised = dimensions.reduce(1) {
          let (product, overflow) = $0.multipliedReportingOverflow(by: $1.size)
          return overflow || $1.size < 1 || product > Self.mostPlanes ? 0 : product
        }
      case "TiffData":
        if let pending, !images.isEmpty { images[images.count - 1].take(pending, "", dimensions) }
        pending = tag.attributes
      case "UUID":
        if let data = pending, !images.isEmpty {
          images[images.count - 1].take(data, tag.attributes["FileName", default: ""], dimensions)
          pending = nil
        }
      default: break
      }
    }
    if let pending, !images.isEmpty { images[images.count - 1].take(pending, "", dimensions) }
    if let image = images.first(where: { $0.files.contains(name) }) ?? images.first {
      files = image.files
      runs = image.runs
      promised = image.promised
    }
    runs.sort { ($0.index, $0.file, $0.page) < ($1.index, $1.file, $1.page) }
  }

  private init() {}

  /// A limit that keeps sums and products of the numbers in the XML from overflowing.
  private static let mostPlanes = 1 << 40

  private mutating func take(
    _ data: [String: String], _ name: String, _ dimensions: [(name: Character, size: Int)]
  ) {
    guard promised > 0 else { return }
    var index = 0
    var step = 1
    for dimension in dimensions {
      let (place, overflow) = (data["First\(dimension.name)"].flatMap(Int.init) ?? 0)
        .multipliedReportingOverflow(by: step)
      guard !overflow, place >= 0, place <= promised else { return }
      index += place
      step *= max(1, dimension.size)
    }
    let page = data["IFD"].flatMap(Int.init)
    let count = data["PlaneCount"].flatMap(Int.init) ?? (page == nil ? promised - index : 1)
    guard count > 0, count <= promised, (page ?? 0) >= 0, (page ?? 0) <= Self.mostPlanes else {
      return
    }
    let file = files.firstIndex(of: name) ?? files.count
    if file == files.count { files.append(name) }
    runs.append(Run(index: index, file: file, page: page ?? 0, count: count))
  }

  /// Pixel size in nm, from PhysicalSizeX and its unit (µm if missing).
  static func pixelSize(_ xml: String) -> Double? {
    guard xml.contains("<OME") || xml.contains(":OME") else { return nil }
    let units: [String: Double] = [
      "nm": 1, "µm": 1000, "μm": 1000, "um": 1000, "mm": 1e6, "Å": 0.1,
    ]
    guard let pixels = XMLTags(xml).first(where: { $0.name == "Pixels" }),
      let size = pixels.attributes["PhysicalSizeX"].flatMap(Double.init), size > 0,
      let unit = units[pixels.attributes["PhysicalSizeXUnit", default: "µm"]]
    else { return nil }
    return size * unit
  }
}
