import Foundation
import Microscopy
import Reporting

/// What a Zarr folder says of the axes of its image and of its pixels.
struct ZarrImage {
  var axes: [AxisExtent] = []
  var pixelSize = StatedPixelSize.none
  var metadata: [String: String] = [:]
  var notes: [String] = []
  var isOME = false

  /// An array without OME's description.
  init(_ node: ZarrNode, _ array: ZarrArray) throws(MovieError) {
    try setAxes(array.axisNames, of: array, array.folder)
  }

  /// An array that an entry of `multiscales` describes.
  init(
    _ node: ZarrNode, _ array: ZarrArray, _ scales: [String: Any], _ set: [String: Any],
    _ folder: String
  ) throws(MovieError) {
    isOME = true
    // Axes are objects since NGFF 0.4, and names before. Version 0.1 has none.
    let stated = scales["axes"] as? [Any]
    let fields = stated?.map { $0 as? [String: Any] ?? ["name": $0] } ?? []
    let names = stated == nil ? nil : fields.map { $0["name"] as? String ?? "" }
    let channels =
      ((node.attributes["omero"] as? [String: Any])?["channels"] as? [[String: Any]])?
      .map { $0["label"] as? String ?? "" } ?? []
    try setAxes(names, of: array, folder, channels: channels)
    guard fields.count == array.shape.count else { return }
    let scale = Self.scale(set, fields.count).map { own in
      zip(own, Self.scale(scales, fields.count) ?? own.map { _ in 1 }).map { $0 * $1 }
    }
    guard let scale else { return }
    for (field, step) in zip(fields, scale) {
      let unit = field["unit"] as? String
      switch field["name"] as? String {
      case "x": pixelSize = StatedPixelSize(step, unit: unit)
      case "z"?: if let unit { metadata["Distance of slices"] = "\(step) \(unit)" }
      case "t"?: if let unit { metadata["Time between frames"] = "\(step) \(unit)" }
      default: break
      }
    }
  }

  private static func scale(_ fields: [String: Any], _ count: Int) -> [Double]? {
    let steps = fields["coordinateTransformations"] as? [[String: Any]] ?? []
    let scale = steps.first { $0["type"] as? String == "scale" }?["scale"] as? [Any]
    let numbers = scale?.compactMap { ($0 as? NSNumber)?.doubleValue } ?? []
    return numbers.count == count ? numbers : nil
  }

  private static let kinds: [String: PlaneAxis] = [
    "t": .time, "time": .time, "frame": .time, "z": .slice, "c": .channel, "channel": .channel,
    "p": .position, "position": .position, "fov": .position,
  ]

  private mutating func setAxes(
    _ stated: [String]?, of array: ZarrArray, _ folder: String, channels: [String] = []
  ) throws(MovieError) {
    let shape = array.shape
    let usual: [Int: [String]] = [2: [], 3: ["t"], 5: ["t", "c", "z"]]
    // A colour picture has its colours last.
    let isColour = shape.count == 3 && (3...4).contains(shape[2]) && shape[1] > 4
    guard
      let names = stated?.map({ $0.lowercased() }) ?? usual[shape.count].map({ $0 + ["y", "x"] }),
      stated != nil || !isColour
    else {
      throw MovieError(
        .unsupported,
        "the array of shape \(shape) does not name its axes"
          + (isColour ? " and looks like a colour picture" : ""), file: folder,
        hint: "name them in `multiscales` (OME-Zarr) or as `dimension_names` (Zarr 3)")
    }
    guard names.count == shape.count, names.suffix(2) == ["y", "x"] else {
      throw MovieError(
        .unsupported,
        "the axes \(names.joined(separator: ", ")) of an array of shape \(shape) are not supported; "
          + "the last two must be y and x", file: folder)
    }
    for (name, count) in zip(names, shape).dropLast(2) {
      let axis = Self.kinds[name] ?? .series
      guard !axes.contains(where: { $0.axis == axis }) else {
        throw MovieError(
          .unsupported, "the axes \(names.joined(separator: ", ")) are not known", file: folder)
      }
      axes.append(
        AxisExtent(
          axis, count,
          names: axis == .channel && channels.count == count && !channels.contains("")
            ? channels : []))
    }
    axes.removeAll { $0.count == 1 && $0.axis != .time }
    if axes.map(\.axis) == [.time] { axes = [] }
  }
}
