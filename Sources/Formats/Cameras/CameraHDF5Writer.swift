import Containers
import Foundation
import Microscopy

extension CameraFiles {
  /// Writes maps in Picasso's format: `offset` (ADU), `variance` (ADU²), `gain` (ADU/e⁻), float32
  /// height × width, in one HDF5 file.
  ///
  /// - Parameters:
  ///   - maps: the maps to write.
  ///   - errors: standard errors, stored as `offset_error`, `variance_error` and `gain_error`.
  ///   - metadata: JSON for the file's attribute `metadata`.
  ///   - path: the file.
  ///   - overwrite: replaces an existing file.
  /// - Throws: `OutputError`.
  public static func write(
    _ maps: CameraMaps, errors: CameraMaps? = nil, metadata: String? = nil, to path: String,
    overwrite: Bool = false
  ) throws {
    var values = [("offset", maps.offset), ("variance", maps.variance), ("gain", maps.gain)]
    if let errors {
      values += [
        ("offset_error", errors.offset), ("variance_error", errors.variance),
        ("gain_error", errors.gain),
      ]
    }
    let file = try H5Output(
      path: path,
      bytes: values.count * 4 * maps.width * maps.height + 2 * (metadata?.utf8.count ?? 0),
      overwrite: overwrite)
    for (name, values) in values {
      try file.dataset(name, shape: [maps.height, maps.width], values)
    }
    if let metadata { try file.attribute("metadata", metadata) }
    try file.commit()
  }

  /// The standard errors that `write` stored beside the maps; nil if the file has none.
  package static func errors(of path: String) throws -> CameraMaps? {
    guard try CameraFileError.head(of: path).starts(with: [0x89, 0x48, 0x44, 0x46]) else {
      return nil
    }
    return try CameraFileError.reading(path) {
      let file = try HDF5File(path: path)
      let maps = try ["offset_error", "variance_error", "gain_error"].map { try file.dataset($0) }
      guard let shape = maps[0]?.shape, shape.count == 2, maps.allSatisfy({ $0?.shape == shape })
      else { return nil }
      let values = try maps.compactMap { try $0?.floats() }
      return CameraMaps(
        width: shape[1], height: shape[0], offset: values[0], variance: values[1], gain: values[2])
    }
  }
}
