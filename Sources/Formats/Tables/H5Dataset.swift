import CHDF5
import Foundation

/// A dataset that is read: numbers, records of numbers, or text.
package final class H5Dataset: @unchecked Sendable {
  let name: String
  private let path: String
  private let handle: H5Handle
  private let type: H5Handle
  /// Empty for a scalar and for a dataset without a value.
  package let shape: [Int]
  /// False where the dataset was written as "no value".
  package let hasValue: Bool

  /// Bytes in memory that one stored byte may stand for: more than deflate can reach, so a damaged
  /// size shows itself before it becomes an allocation.
  private static let expansion = 2_000

  init(_ handle: H5Handle, name: String, path: String) throws {
    self.handle = handle
    self.name = name
    self.path = path
    let failure = { TableError.damaged(path: path, reason: "\(name): \(HDF5.message)") }
    guard let type = H5Handle(H5Dget_type(handle.id), closing: H5Tclose),
      let space = H5Handle(H5Dget_space(handle.id), closing: H5Sclose)
    else { throw failure() }
    self.type = type
    hasValue = H5Sget_simple_extent_type(space.id) != H5S_NULL
    let rank = Int(H5Sget_simple_extent_ndims(space.id))
    guard rank >= 0, rank <= 32 else { throw failure() }
    var sizes = [hsize_t](repeating: 0, count: rank)
    guard H5Sget_simple_extent_dims(space.id, &sizes, nil) >= 0 else { throw failure() }
    shape = sizes.map { Int(clamping: $0) }
    let elements = shape.reduce(1.0) { $0 * Double($1) }
    let stored = Double(H5Dget_storage_size(handle.id))
    let size = Double(H5Tget_size(type.id))
    guard !hasValue || elements * size <= stored * Double(Self.expansion) + 4096 else {
      throw TableError.damaged(
        path: path, reason: "\(name) claims \(shape) elements and stores \(Int(stored)) bytes")
    }
  }

  /// All numbers, last index fastest.
  package func numbers() throws -> [Double] {
    guard hasValue else { return [] }
    return try HDF5.locked {
      let kind = H5Tget_class(type.id)
      guard kind == H5T_INTEGER || kind == H5T_FLOAT else {
        throw TableError.damaged(path: path, reason: "\(name) holds no numbers")
      }
      let count = shape.reduce(1, *)
      var values = [Double](repeating: 0, count: count)
      if count == 0 { return [] }
      let status = H5Dread(
        handle.id, glint_h5_native_double(), glint_h5_all(), glint_h5_all(), glint_h5_default(),
        &values)
      guard status >= 0 else { throw failure() }
      return values
    }
  }

  /// The text of a scalar dataset, nil for another kind.
  package func text() -> String? {
    HDF5.locked {
      guard hasValue, shape.reduce(1, *) == 1 else { return nil }
      return H5Text.read(type.id) { type, place in
        H5Dread(handle.id, type, glint_h5_all(), glint_h5_all(), glint_h5_default(), place)
      }
    }
  }

  /// The names of the numeric fields of a list of records.
  package func recordFields() throws -> [String] {
    try HDF5.locked {
      guard H5Tget_class(type.id) == H5T_COMPOUND, shape.count == 1 else {
        throw TableError.damaged(path: path, reason: "\(name) is no list of records")
      }
      return (0..<UInt32(max(0, H5Tget_nmembers(type.id)))).compactMap { index in
        let kind = H5Tget_member_class(type.id, index)
        guard kind == H5T_INTEGER || kind == H5T_FLOAT,
          let text = H5Tget_member_name(type.id, index)
        else { return nil }
        defer { H5free_memory(text) }
        return String(cString: text)
      }
    }
  }

  /// Reads `rows` of `fields` of a list of records, record after record.
  package func records(_ rows: Range<Int>, fields: [String]) throws -> [Double] {
    if rows.isEmpty { return [] }
    return try HDF5.locked {
      let width = fields.count * 8
      guard let memory = H5Handle(H5Tcreate(H5T_COMPOUND, width), closing: H5Tclose) else {
        throw failure()
      }
      for (index, field) in fields.enumerated() {
        guard H5Tinsert(memory.id, field, index * 8, glint_h5_native_double()) >= 0 else {
          throw failure()
        }
      }
      var start = hsize_t(rows.lowerBound)
      var count = hsize_t(rows.count)
      guard let space = H5Handle(H5Dget_space(handle.id), closing: H5Sclose),
        let target = H5Handle(H5Screate_simple(1, &count, nil), closing: H5Sclose),
        H5Sselect_hyperslab(space.id, H5S_SELECT_SET, &start, nil, &count, nil) >= 0
      else { throw failure() }
      var values = [Double](repeating: 0, count: rows.count * fields.count)
      let status = H5Dread(
        handle.id, memory.id, target.id, space.id, glint_h5_default(), &values)
      guard status >= 0 else { throw failure() }
      return values
    }
  }

  private func failure() -> TableError {
    .damaged(path: path, reason: "\(name): \(HDF5.message)")
  }
}
