import Foundation
import Microscopy
import Reporting

/// OME-Zarr: a folder with one array for each resolution, as Zarr version 2 (NGFF 0.4) or 3
/// (NGFF 0.5), or an array without OME's description. The image of full resolution is read.
enum Zarr {
  /// The files that describe a folder of Zarr.
  private static let keys = ["zarr.json", ".zarray", ".zgroup", ".zattrs"]

  static func isDescription(_ path: String) -> Bool { keys.contains(path.fileName) }

  /// The movie; nil if the folder has no description of Zarr.
  static func open(_ folder: String, options: MovieOptions) throws(MovieError) -> (any Movie)? {
    guard keys.contains(where: { FileManager.default.fileExists(atPath: folder.appending($0)) })
    else { return nil }
    let node = try ZarrNode(folder)
    if let array = node.array { return try movie(folder, array, ZarrImage(node, array)) }
    if let wells = node.attributes["plate"] as? [String: Any] {
      throw plate(wells, folder)
    }
    if let well = node.attributes["well"] as? [String: Any] {
      let images = (well["images"] as? [[String: Any]])?.compactMap { $0["path"] as? String } ?? []
      throw MovieError(
        .choice, "the folder is a well of \(images.count) images, not one image", file: folder,
        hint: Message("open one of them, such as \(folder.appending(images.first ?? "0"))"))
    }
    if let scales = node.attributes["multiscales"] as? [[String: Any]], let first = scales.first {
      return try image(folder, node, first, isOnly: scales.count == 1)
    }
    return try only(in: folder, node, options)
  }

  /// The image that `multiscales` describes.
  private static func image(
    _ folder: String, _ node: ZarrNode, _ scales: [String: Any], isOnly: Bool
  ) throws(MovieError) -> any Movie {
    let sets = scales["datasets"] as? [[String: Any]]
    guard let path = sets?.first?["path"] as? String,
      !path.hasPrefix("/"), !path.split(separator: "/").contains("..")
    else {
      throw MovieError(
        .inconsistent, "`multiscales` names no array inside the folder", file: folder)
    }
    let inner = path.isEmpty ? folder : folder.appending(path)
    guard let array = try ZarrNode(inner).array else {
      throw MovieError(
        .missing,
        "the image is to be in `\(path)`, but there is no array; the folder has "
          + contents(of: folder), file: folder)
    }
    var image = try ZarrImage(node, array, scales, sets?.first ?? [:], folder)
    if !isOnly { image.notes.append("the folder describes several images; the first one is read") }
    return try movie(inner, array, image)
  }

  /// A group without a description of its image: its only array, or the only image of a converted
  /// file (`bioformats2raw.layout`).
  private static func only(
    in folder: String, _ node: ZarrNode, _ options: MovieOptions
  ) throws(MovieError) -> any Movie {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    let isSet = node.attributes["bioformats2raw.layout"] != nil
    let inner = names.filter { name in
      !name.hasPrefix(".") && name != "OME"
        && keys.contains {
          FileManager.default.fileExists(atPath: folder.appending(name).appending($0))
        }
    }
    if inner.count == 1, let movie = try open(folder.appending(inner[0]), options: options) {
      return movie
    }
    guard !inner.isEmpty else {
      throw MovieError(
        .missing, "the folder is a Zarr group without an array; it has \(contents(of: folder))",
        file: folder)
    }
    throw MovieError(
      .choice,
      "the folder holds \(inner.count) \(isSet ? "images" : "arrays or groups"): "
        + inner.prefix(12).joined(separator: ", "), file: folder,
      hint: Message("open one of them, such as \(folder.appending(inner[0]))"))
  }

  private static func plate(_ plate: [String: Any], _ folder: String) -> MovieError {
    let wells = (plate["wells"] as? [[String: Any]])?.compactMap { $0["path"] as? String } ?? []
    let first = (wells.first ?? "A/1") + "/0"
    return MovieError(
      .choice, "the folder is a plate of \(wells.count) wells, not one image", file: folder,
      hint: Message("open one field of a well, such as \(folder.appending(first))"))
  }

  private static func contents(of folder: String) -> String {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    return names.isEmpty ? "nothing" : names.prefix(12).joined(separator: ", ")
  }

  private static func movie(
    _ folder: String, _ array: ZarrArray, _ image: ZarrImage
  ) throws(MovieError) -> any Movie {
    let grid = try ChunkGrid(
      shape: array.shape, chunk: array.innerChunk, sample: array.storage.sample, file: folder)
    let chunks = ZarrChunks(folder, array, grid)
    var notes = image.notes
    let written = try chunks.writtenPlanes()
    if written == 0 {
      notes.append("no pixel was ever written; all are \(array.fillText)")
    } else if written < grid.planes {
      notes.append(
        "frames from \(written) on were never written; their pixels are \(array.fillText)")
    }
    return ChunkedMovie(
      grid, storage: array.storage, fill: array.fill, source: chunks,
      info: MovieInfo(
        width: grid.frame.width, height: grid.frame.height, frames: grid.planes,
        pixel: array.storage.sample.delivered,
        format: (image.isOME ? "OME-Zarr" : "Zarr") + " v\(array.version)",
        storage: array.storage.description + array.packing, byteOrder: array.storage.byteOrder,
        pixelSize: image.pixelSize.size, axes: image.axes,
        notes: notes + image.pixelSize.notes, metadata: image.metadata, files: [folder]))
  }
}

/// A folder of Zarr with its description, if it has one.
struct ZarrNode {
  let attributes: [String: Any]
  /// nil for a group.
  let array: ZarrArray?

  /// A description holds metadata of the acquisition at most.
  private static let mostBytes = 1 << 26

  init(_ folder: String) throws(MovieError) {
    if let json = try Self.json(folder.appending("zarr.json")) {
      let stated = json["attributes"] as? [String: Any] ?? [:]
      attributes = stated.merging(stated["ome"] as? [String: Any] ?? [:]) { _, ome in ome }
      array =
        json["node_type"] as? String == "array"
        ? try ZarrArray(version3: json, folder: folder) : nil
      return
    }
    attributes = try Self.json(folder.appending(".zattrs")) ?? [:]
    array = try Self.json(folder.appending(".zarray")).map { json throws(MovieError) in
      try ZarrArray(version2: json, folder: folder)
    }
  }

  /// The JSON object in a file; nil if there is no such file.
  private static func json(_ path: String) throws(MovieError) -> [String: Any]? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try FileBytes(path)
    guard file.size <= mostBytes else {
      throw MovieError(.inconsistent, "a description of \(file.size) bytes", file: path)
    }
    let data = Data(try file.bytes(at: 0, count: file.size))
    guard let json = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
      throw MovieError(.inconsistent, "the file is not a JSON object", file: path)
    }
    return json
  }
}
