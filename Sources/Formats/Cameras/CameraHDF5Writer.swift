import CHDF5
import Foundation
import Microscopy

extension CameraFiles {
  /// Writes maps as Picasso keeps them: `offset` (ADU), `variance` (ADU²), `gain` (ADU/e⁻), float32
  /// height × width, in one HDF5 file.
  ///
  /// - Parameters:
  ///   - errors: standard errors, stored as `offset_error`, `variance_error` and `gain_error`.
  ///   - metadata: JSON for the file's attribute `metadata`.
  /// - Throws: `OutputError`.
  public static func write(
    _ maps: CameraMaps, errors: CameraMaps? = nil, metadata: String? = nil, to path: String,
    overwrite: Bool = false
  ) throws {
    let staged = try StagedFile(path: path, overwrite: overwrite)
    let room = try ReservedRoom(staged)
    var values = [("offset", maps.offset), ("variance", maps.variance), ("gain", maps.gain)]
    if let errors {
      values += [
        ("offset_error", errors.offset), ("variance_error", errors.variance),
        ("gain_error", errors.gain),
      ]
    }
    try room.reserve(
      values.count * 4 * maps.width * maps.height + 2 * (metadata?.utf8.count ?? 0) + 65_536)
    try HDF5.locked {
      let failure = { OutputError.failed(path: path, reason: HDF5.message) }
      guard
        let file = H5Handle(
          H5Fcreate(
            staged.temporary, glint_h5_truncate(), glint_h5_default(), glint_h5_default()),
          closing: H5Fclose)
      else { throw failure() }
      for (name, values) in values {
        var shape = [hsize_t(maps.height), hsize_t(maps.width)]
        guard let space = H5Handle(H5Screate_simple(2, &shape, nil), closing: H5Sclose),
          let dataset = H5Handle(
            H5Dcreate2(
              file.id, name, glint_h5_f32le(), space.id, glint_h5_default(), glint_h5_default(),
              glint_h5_default()), closing: H5Dclose),
          H5Dwrite(
            dataset.id, glint_h5_native_float(), glint_h5_all(), glint_h5_all(),
            glint_h5_default(), values) >= 0, dataset.close()
        else { throw failure() }
      }
      if let metadata, !attach(metadata, to: file) { throw failure() }
      guard file.close() else { throw failure() }
    }
    try room.release()
    try staged.commit()
  }

  /// Stores text of any length as the attribute `metadata`; false where the library cannot.
  private static func attach(_ text: String, to file: H5Handle) -> Bool {
    guard let type = H5Handle(H5Tcopy(glint_h5_c_string()), closing: H5Tclose),
      H5Tset_size(type.id, glint_h5_variable()) >= 0, H5Tset_cset(type.id, H5T_CSET_UTF8) >= 0,
      let space = H5Handle(H5Screate(H5S_SCALAR), closing: H5Sclose),
      let attribute = H5Handle(
        H5Acreate2(
          file.id, "metadata", type.id, space.id, glint_h5_default(), glint_h5_default()),
        closing: H5Aclose)
    else { return false }
    let status = text.withCString { bytes in
      var pointer: UnsafePointer<CChar>? = bytes
      return H5Awrite(attribute.id, type.id, &pointer)
    }
    return status >= 0 && attribute.close()
  }

  /// The standard errors that `write` stored beside the maps; nil for maps that do not state them.
  public static func errors(of path: String) throws -> CameraMaps? {
    guard try CameraFileError.head(of: path).starts(with: [0x89, 0x48, 0x44, 0x46]) else {
      return nil
    }
    do {
      let file = try H5File(reading: path)
      let maps = try ["offset_error", "variance_error", "gain_error"].map { try file.dataset($0) }
      guard let shape = maps[0]?.shape, shape.count == 2, maps.allSatisfy({ $0?.shape == shape })
      else { return nil }
      let values = try maps.map { try $0!.numbers().map(Float.init) }
      return CameraMaps(
        width: shape[1], height: shape[0], offset: values[0], variance: values[1], gain: values[2])
    } catch TableError.damaged(_, let reason) {
      throw CameraFileError.damaged(path: path, reason: reason)
    }
  }
}
