import CHDF5
import Foundation

/// HDF5 is not thread-safe: whatever touches it, here or in another module, holds this one lock.
package enum HDF5 {
  private static let lock = NSRecursiveLock()
  private static let open: Void = {
    // After a full disk the library's exit handler would write again what could not be written. It is
    // set up when the library opens, so this comes first.
    H5dont_atexit()
    H5open()
  }()

  package static func locked<T>(_ body: () throws -> T) rethrows -> T {
    try lock.withLock {
      _ = open
      // A library built for threads keeps a stack of errors, and whether it prints it, for each.
      glint_h5_quiet()
      return try body()
    }
  }

  /// The library's own words for what went wrong last, without its internal details.
  static var message: String {
    var text = [CChar](repeating: 0, count: 256)
    glint_h5_message(&text)
    let words = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    return words.isEmpty ? "the HDF5 library gives no reason" : words
  }
}

/// An identifier of the library, closed with its last reference.
package final class H5Handle: @unchecked Sendable {
  let id: hid_t
  private let closing: (hid_t) -> herr_t
  private var open = true

  /// nil for a negative identifier, which is how the library says no.
  init?(_ id: hid_t, closing: @escaping (hid_t) -> herr_t) {
    guard id >= 0 else { return nil }
    self.id = id
    self.closing = closing
  }

  deinit { _ = close() }

  /// Closes now; false where the library could not (a full disk shows itself only here).
  func close() -> Bool {
    HDF5.locked {
      guard open else { return true }
      open = false
      return closing(id) >= 0
    }
  }
}

/// An HDF5 file that is read: numbers as Double whatever their type in the file.
package final class H5File: @unchecked Sendable {
  let path: String
  private let file: H5Handle
  /// The file's bytes, for what the library cannot be trusted with.
  private let raw: H5RawFile?
  /// Where the file's addresses count from: MATLAB writes a text of its own before them.
  private let base: Int

  package init(reading path: String) throws {
    self.path = path
    file = try HDF5.locked {
      let id = H5Fopen(path, glint_h5_rdonly(), glint_h5_default())
      guard let handle = H5Handle(id, closing: H5Fclose) else {
        throw TableError.damaged(path: path, reason: HDF5.message)
      }
      return handle
    }
    raw = H5RawFile(path: path)
    base = HDF5.locked { [file] in Int(clamping: glint_h5_user_block(file.id)) }
  }

  /// Whether an object of this name exists; every part of the name is looked up on its own.
  package func has(_ name: String) -> Bool {
    HDF5.locked {
      var part = ""
      return name.split(separator: "/").allSatisfy { step in
        part += "/" + step
        return H5Lexists(file.id, part, glint_h5_default()) > 0
      }
    }
  }

  /// The names of the objects in the root group.
  package func names() -> [String] {
    HDF5.locked {
      var info = H5G_info_t()
      guard H5Gget_info(file.id, &info) >= 0 else { return [] }
      return (0..<min(info.nlinks, 4096)).compactMap { index in
        var text = [CChar](repeating: 0, count: 256)
        let length = H5Lget_name_by_idx(
          file.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, &text, text.count, glint_h5_default())
        return length > 0 ? text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } : nil
      }
    }
  }

  /// A dataset by name, nil where there is none.
  package func dataset(_ name: String) throws -> H5Dataset? {
    guard has(name) else { return nil }
    return try HDF5.locked {
      guard let handle = H5Handle(H5Dopen2(file.id, name, glint_h5_default()), closing: H5Dclose)
      else { throw TableError.damaged(path: path, reason: "\(name): \(HDF5.message)") }
      return try H5Dataset(handle, name: name, path: path)
    }
  }

  package func hasAttribute(_ name: String, of object: String = "/") -> Bool {
    attributes(of: object)?[name] != nil
  }

  /// A numeric attribute of one value. h5py's truth values are enumerations of whole numbers.
  package func number(_ name: String, of object: String = "/") -> Double? {
    numbers(name, of: object).flatMap { $0.count == 1 ? $0[0] : nil }
  }

  /// A numeric attribute of any number of values.
  package func numbers(_ name: String, of object: String = "/") -> [Double]? {
    attributes(of: object)?[name]?.numbers
  }

  /// A text attribute.
  package func text(_ name: String, of object: String = "/") -> String? {
    guard let raw else { return nil }
    return attributes(of: object)?[name]?.text(in: raw, base: base)
  }

  /// The datasets that a dataset of object references points to, at most 4096 of them.
  package func targets(of references: H5Dataset) throws -> [H5Dataset] {
    try HDF5.locked {
      try references.references().prefix(4096).map { reference in
        var reference = reference
        let id = H5Rdereference2(file.id, glint_h5_default(), H5R_OBJECT, &reference)
        guard let handle = H5Handle(id, closing: { H5Oclose($0) }),
          H5Iget_type(handle.id) == H5I_DATASET
        else {
          throw TableError.damaged(path: path, reason: "\(references.name) points to no dataset")
        }
        return try H5Dataset(handle, name: references.name, path: path)
      }
    }
  }

  private func attributes(of object: String) -> H5Attributes? {
    let address = HDF5.locked { glint_h5_header(file.id, object) }
    guard let raw, let address = Int(exactly: address) else { return nil }
    return H5Attributes(raw, header: address, base: base)
  }
}
