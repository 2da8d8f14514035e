import Foundation

/// What tells one state of a file from another: its identity, its size, and when it was written to.
package struct FileStamp: Hashable, Sendable {
  /// Bytes.
  package let size: Int
  private let device: UInt64
  private let number: UInt64
  private let seconds: Int
  private let nanoseconds: Int

  init(_ status: stat) {
    size = Int(status.st_size)
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
    seconds = Int(status.st_mtim.tv_sec)
    nanoseconds = Int(status.st_mtim.tv_nsec)
  }

  /// The present stamp of the file at `path`; nil if there is none.
  package init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// What happened between this stamp and a later one: a phrase whose subject is the file, such as
  /// "became 4096 bytes shorter". nil if nothing did.
  ///
  /// - Parameter later: nil for a file that is no longer there.
  package func change(to later: FileStamp?) -> String? {
    guard let later else { return "was removed or renamed" }
    guard later.device == device, later.number == number else { return "was replaced" }
    if later.size < size { return "became \(size - later.size) bytes shorter" }
    if later.size > size { return "became \(later.size - size) bytes longer" }
    guard later.seconds == seconds, later.nanoseconds == nanoseconds else {
      return "was written to, with the same size"
    }
    return nil
  }
}
