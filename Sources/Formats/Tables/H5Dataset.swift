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
      guard let number = H5Number(type.id) else {
        throw TableError.damaged(path: path, reason: "\(name) holds no numbers of a standard type")
      }
      let count = shape.reduce(1, *)
      let data = try read(count * number.bytes, memory: glint_h5_all(), file: glint_h5_all())
      return data.withUnsafeBytes {
        number.read($0, from: 0, stride: number.bytes, count: count)
      }
    }
  }

  /// Whether it holds references to objects, as MATLAB's cells are kept.
  package var isReference: Bool {
    HDF5.locked { H5Tget_class(type.id) == H5T_REFERENCE && H5Tget_size(type.id) == 8 }
  }

  /// The addresses in a dataset of object references; empty for another kind.
  func references() throws -> [hobj_ref_t] {
    guard hasValue, isReference else { return [] }
    let data = try read(shape.reduce(8, *), memory: glint_h5_all(), file: glint_h5_all())
    return data.withUnsafeBytes { Array($0.bindMemory(to: hobj_ref_t.self)) }
  }

  /// Reads the stored bytes as they are.
  private func read(_ bytes: Int, memory: hid_t, file: hid_t) throws -> [UInt8] {
    var failed = false
    let data = [UInt8](unsafeUninitializedCapacity: bytes) { buffer, filled in
      if bytes > 0 {
        failed =
          H5Dread(handle.id, type.id, memory, file, glint_h5_default(), buffer.baseAddress!) < 0
      }
      filled = failed ? 0 : bytes
    }
    guard !failed else { throw failure() }
    return data
  }

  /// The text of a scalar dataset, nil for another kind.
  package func text() -> String? {
    HDF5.locked {
      guard hasValue, shape.reduce(1, *) == 1, H5Tget_class(type.id) == H5T_STRING else {
        return nil
      }
      if H5Tis_variable_str(type.id) > 0 {
        // The offset counts from the file's beginning, the heap's addresses from its base.
        let base = Int(clamping: glint_h5_user_block(handle.id))
        guard let file = H5RawFile(path: path), let offset = Int(exactly: H5Dget_offset(handle.id)),
          let descriptor = file.bytes(offset, 16)
        else { return nil }
        return H5GlobalHeap(file, base: base).text(descriptor)
      }
      // Its size has been held against the bytes stored.
      var bytes = [UInt8](repeating: 0, count: H5Tget_size(type.id))
      let status = H5Dread(
        handle.id, type.id, glint_h5_all(), glint_h5_all(), glint_h5_default(), &bytes)
      return status < 0 ? nil : String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// A field of a list of records.
  struct Field {
    var name: String
    fileprivate var offset: Int
    fileprivate var number: H5Number
  }

  /// The numeric fields of a list of records.
  func recordFields() throws -> [Field] {
    try HDF5.locked {
      guard H5Tget_class(type.id) == H5T_COMPOUND, shape.count == 1 else {
        throw TableError.damaged(path: path, reason: "\(name) is no list of records")
      }
      let recordBytes = H5Tget_size(type.id)
      return try (0..<UInt32(max(0, H5Tget_nmembers(type.id)))).compactMap { index in
        guard let member = H5Handle(H5Tget_member_type(type.id, index), closing: H5Tclose),
          let text = H5Tget_member_name(type.id, index)
        else { throw failure() }
        defer { H5free_memory(text) }
        guard let number = H5Number(member.id) else {
          // Bytes in the record may be passed over; what points out of it may not.
          if H5Tget_class(member.id) == H5T_STRING, H5Tis_variable_str(member.id) == 0 {
            return nil
          }
          throw TableError.damaged(
            path: path, reason: "\(name): field \(String(cString: text)) is no number")
        }
        let field = Field(
          name: String(cString: text), offset: H5Tget_member_offset(type.id, index), number: number)
        guard field.offset <= recordBytes - number.bytes else {
          throw TableError.damaged(
            path: path, reason: "\(name): field \(field.name) lies outside its record")
        }
        return field
      }
    }
  }

  /// The columns of `fields` in `rows` of a list of records.
  func columns(_ fields: [Field], rows: Range<Int>) throws -> [[Double]] {
    if rows.isEmpty { return fields.map { _ in [] } }
    return try HDF5.locked {
      let recordBytes = H5Tget_size(type.id)
      var (start, count) = (hsize_t(rows.lowerBound), hsize_t(rows.count))
      guard let space = H5Handle(H5Dget_space(handle.id), closing: H5Sclose),
        let memory = H5Handle(H5Screate_simple(1, &count, nil), closing: H5Sclose),
        H5Sselect_hyperslab(space.id, H5S_SELECT_SET, &start, nil, &count, nil) >= 0
      else { throw failure() }
      let data = try read(rows.count * recordBytes, memory: memory.id, file: space.id)
      return data.withUnsafeBytes { bytes in
        fields.map {
          $0.number.read(bytes, from: $0.offset, stride: recordBytes, count: rows.count)
        }
      }
    }
  }

  private func failure() -> TableError {
    .damaged(path: path, reason: "\(name): \(HDF5.message)")
  }
}
