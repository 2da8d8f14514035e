import CHDF5
import Foundation

/// The HDF5 library, which only writes: files are read by `Containers`.
///
/// It is not thread-safe, so whatever touches it holds this one lock.
enum HDF5 {
  private static let lock = NSRecursiveLock()
  private static let open: Void = {
    // After a full disk the library's exit handler would write again what could not be written. It is
    // set up when the library opens, so this comes first.
    H5dont_atexit()
    H5open()
  }()

  static func locked<T>(_ body: () throws -> T) rethrows -> T {
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
///
/// Unchecked, because `open` changes only while the library's lock is held.
final class H5Handle: @unchecked Sendable {
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
