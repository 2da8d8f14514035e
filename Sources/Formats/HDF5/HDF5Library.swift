import CHDF5
import Foundation

/// The HDF5 library, which only writes: files are read by `Containers`.
///
/// It is not thread-safe, so all calls hold this lock.
enum HDF5 {
  private static let lock = NSRecursiveLock()
  private static let open: Void = {
    // After a full disk the library's exit handler would retry the failed writes. The handler is
    // set up when the library opens, so this must come first.
    H5dont_atexit()
    H5open()
  }()

  static func locked<T>(_ body: () throws -> T) rethrows -> T {
    try lock.withLock {
      _ = open
      // A thread-safe build keeps an error stack, and whether it is printed, per thread.
      glint_h5_quiet()
      return try body()
    }
  }

  /// Creates a file in place of an empty temporary one, and reserves space for it.
  static func create(_ staged: StagedFile, reserving bytes: Int) throws(OutputError) -> H5Handle {
    // The library does not say that a disk is full when it creates a file, and it cuts off what was
    // reserved before.
    try staged.reserve(bytes)
    try staged.end(at: 0)
    guard let access = H5Handle(glint_h5_unlocked(), closing: H5Pclose),
      let creation = properties(glint_h5_file_create()),
      let file = H5Handle(
        H5Fcreate(staged.temporary, glint_h5_truncate(), creation.id, access.id),
        closing: H5Fclose)
    else { throw failure(staged.path) }
    try staged.reserve(bytes)
    return file
  }

  /// Properties of a file or a dataset to be created, without the time when it was: the same content
  /// gives the same bytes. nil if that fails.
  static func properties(_ kind: hid_t) -> H5Handle? {
    guard let list = H5Handle(H5Pcreate(kind), closing: H5Pclose),
      H5Pset_obj_track_times(list.id, false) >= 0
    else { return nil }
    return list
  }

  /// Gives back the reserved space that a closed file does not use. The superblock states the end of
  /// the file (HDF5 File Format Specification 3.0, II.A, version 0).
  static func release(_ file: StagedFile) throws(OutputError) {
    var end: UInt64 = 0
    guard pread(file.descriptor, &end, 8, 40) == 8, end.littleEndian <= UInt64(Int64.max) else {
      throw OutputError(errno: errno, path: file.path)
    }
    try file.end(at: Int(end.littleEndian))
  }

  /// The error for the call of the library that failed last. A system call's error is told in the
  /// system's words.
  static func failure(_ path: String) -> OutputError {
    var text = [CChar](repeating: 0, count: 512)
    glint_h5_message(&text)
    let words = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    if let mark = words.range(of: "errno = "),
      let code = Int32(words[mark.upperBound...].prefix(while: \.isNumber)), code != 0
    {
      return OutputError(errno: code, path: path)
    }
    return .failed(path: path, reason: words.isEmpty ? "the HDF5 library gives no reason" : words)
  }
}

/// An identifier of the library, closed with its last reference.
///
/// `@unchecked Sendable`: `open` changes only while the library's lock is held.
final class H5Handle: @unchecked Sendable {
  let id: hid_t
  private let closing: (hid_t) -> herr_t
  private var open = true

  /// nil for a negative identifier, which signals an error.
  init?(_ id: hid_t, closing: @escaping (hid_t) -> herr_t) {
    guard id >= 0 else { return nil }
    self.id = id
    self.closing = closing
  }

  deinit { _ = close() }

  /// Closes now; false if the library could not (a full disk may only show here).
  func close() -> Bool {
    HDF5.locked {
      guard open else { return true }
      open = false
      return closing(id) >= 0
    }
  }
}
