import CHDF5
import Foundation
import Microscopy

extension CameraFiles {
  /// Writes maps as Picasso keeps them: `offset` (ADU), `variance` (ADU²), `gain` (ADU/e⁻), float32
  /// height × width, in one HDF5 file.
  ///
  /// Throws `OutputError`.
  public static func write(_ maps: CameraMaps, to path: String, overwrite: Bool = false) throws {
    let staged = try StagedFile(path: path, overwrite: overwrite)
    let room = try ReservedRoom(staged)
    try room.reserve(3 * 4 * maps.width * maps.height + 65_536)
    try HDF5.locked {
      guard
        let file = H5Handle(
          H5Fcreate(
            staged.temporary, glint_h5_truncate(), glint_h5_default(), glint_h5_default()),
          closing: H5Fclose)
      else { throw OutputError.failed(path: path, reason: HDF5.message) }
      for (name, values) in [
        ("offset", maps.offset), ("variance", maps.variance), ("gain", maps.gain),
      ] {
        var shape = [hsize_t(maps.height), hsize_t(maps.width)]
        guard let space = H5Handle(H5Screate_simple(2, &shape, nil), closing: H5Sclose),
          let dataset = H5Handle(
            H5Dcreate2(
              file.id, name, glint_h5_f32le(), space.id, glint_h5_default(), glint_h5_default(),
              glint_h5_default()), closing: H5Dclose),
          H5Dwrite(
            dataset.id, glint_h5_native_float(), glint_h5_all(), glint_h5_all(),
            glint_h5_default(), values) >= 0, dataset.close()
        else { throw OutputError.failed(path: path, reason: HDF5.message) }
      }
      guard file.close() else { throw OutputError.failed(path: path, reason: HDF5.message) }
    }
    try room.release()
    try staged.commit()
  }
}
