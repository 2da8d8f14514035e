import CHDF5
import Foundation

/// Writes a small HDF5 file: attributes of the root, float arrays, texts.
final class H5Output {
  private let path: String
  private let staged: StagedFile
  private let file: H5Handle

  /// - Parameter bytes: total size of all arrays.
  init(path: String, bytes: Int, overwrite: Bool) throws {
    self.path = path
    let staged = try StagedFile(path: path, overwrite: overwrite)
    self.staged = staged
    file = try HDF5.locked { try HDF5.create(staged, reserving: bytes + 1 << 20) }
  }

  func attribute(_ name: String, _ value: Double) throws {
    try attribute(name, type: glint_h5_f64le()) { id, type in
      withUnsafePointer(to: value.bitPattern.littleEndian) { H5Awrite(id, type, $0) }
    }
  }

  func attribute(_ name: String, _ value: Int) throws {
    try attribute(name, type: glint_h5_i64le()) { id, type in
      withUnsafePointer(to: Int64(value).littleEndian) { H5Awrite(id, type, $0) }
    }
  }

  /// A Boolean as h5py writes it: an enumeration of FALSE and TRUE.
  func attribute(_ name: String, truth: Bool) throws {
    try HDF5.locked {
      guard let type = H5Handle(H5Tenum_create(glint_h5_i8le()), closing: H5Tclose) else {
        throw failure()
      }
      for (word, number) in [("FALSE", Int8(0)), ("TRUE", 1)] {
        guard withUnsafePointer(to: number, { H5Tenum_insert(type.id, word, $0) }) >= 0 else {
          throw failure()
        }
      }
      try attribute(name, type: type.id) { id, type in
        withUnsafePointer(to: Int8(truth ? 1 : 0)) { H5Awrite(id, type, $0) }
      }
    }
  }

  func attribute(_ name: String, _ text: String) throws {
    try HDF5.locked {
      let type = try textType()
      try attribute(name, type: type.id) { id, type in
        text.withCString { bytes in
          var pointer: UnsafePointer<CChar>? = bytes
          return H5Awrite(id, type, &pointer)
        }
      }
    }
  }

  func dataset(_ name: String, shape: [Int], _ values: [Float]) throws {
    try HDF5.locked {
      var sizes = shape.map { hsize_t($0) }
      guard
        let space = H5Handle(
          H5Screate_simple(Int32(sizes.count), &sizes, nil), closing: H5Sclose)
      else { throw failure() }
      try dataset(name, type: glint_h5_f32le(), space: space) { id in
        H5Dwrite(
          id, glint_h5_native_float(), glint_h5_all(), glint_h5_all(), glint_h5_default(), values)
      }
    }
  }

  /// A dataset of one text.
  func text(_ name: String, _ text: String) throws {
    try HDF5.locked {
      let type = try textType()
      guard let space = H5Handle(H5Screate(H5S_SCALAR), closing: H5Sclose) else {
        throw failure()
      }
      try dataset(name, type: type.id, space: space) { id in
        text.withCString { bytes in
          var pointer: UnsafePointer<CChar>? = bytes
          return H5Dwrite(
            id, type.id, glint_h5_all(), glint_h5_all(), glint_h5_default(), &pointer)
        }
      }
    }
  }

  /// Closes the file and commits it.
  func commit() throws {
    guard file.close() else { throw failure() }
    try HDF5.release(staged)
    try staged.commit()
  }

  private func textType() throws -> H5Handle {
    guard let type = H5Handle(H5Tcopy(glint_h5_c_string()), closing: H5Tclose),
      H5Tset_size(type.id, glint_h5_variable()) >= 0, H5Tset_cset(type.id, H5T_CSET_UTF8) >= 0
    else { throw failure() }
    return type
  }

  private func attribute(
    _ name: String, type: hid_t, write: (_ attribute: hid_t, _ type: hid_t) -> herr_t
  ) throws {
    try HDF5.locked {
      guard let space = H5Handle(H5Screate(H5S_SCALAR), closing: H5Sclose),
        let attribute = H5Handle(
          H5Acreate2(file.id, name, type, space.id, glint_h5_default(), glint_h5_default()),
          closing: H5Aclose),
        write(attribute.id, type) >= 0, attribute.close()
      else { throw failure() }
    }
  }

  private func dataset(
    _ name: String, type: hid_t, space: H5Handle, write: (hid_t) -> herr_t
  ) throws {
    guard let creation = HDF5.properties(glint_h5_dataset_create()),
      let dataset = H5Handle(
        H5Dcreate2(
          file.id, name, type, space.id, glint_h5_default(), creation.id, glint_h5_default()),
        closing: H5Dclose),
      write(dataset.id) >= 0, dataset.close()
    else { throw failure() }
  }

  private func failure() -> OutputError { HDF5.failure(path) }
}
