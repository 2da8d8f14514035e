import Foundation

/// An output file that appears under its name only when it is complete.
///
/// Bytes are written to `temporary`, a hidden file in the same folder. `commit` renames it;
/// `discard`, or releasing the last reference, removes it. Temporary names are registered in
/// `TemporaryNames`, so that a signal handler can remove the files. The final name is checked for
/// an existing file when staging begins, before work could be lost, and again at the end.
package final class StagedFile: @unchecked Sendable {
  /// The final name.
  package private(set) var path: String
  /// The name of the file while it is written.
  package let temporary: String
  private let overwrite: Bool
  private let slot: Int
  private let lock = NSLock()
  private var open = true

  /// Throws `OutputError` if `path` exists (without `overwrite`) or is a folder, or if its folder
  /// is not writable.
  package init(path: String, overwrite: Bool = false) throws {
    self.path = path
    self.overwrite = overwrite
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent().path
    let mark = "\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    temporary = folder + "/.\(url.lastPathComponent).\(mark).part"
    try Self.check(path, overwrite: overwrite)
    let descriptor = Foundation.open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o666)
    guard descriptor >= 0 else { throw OutputError(errno: errno, path: path) }
    close(descriptor)
    slot = TemporaryNames.insert(temporary)
  }

  deinit { discard() }

  /// Chooses another final name, in the same folder.
  ///
  /// Throws `OutputError` if it exists.
  package func rename(to other: String) throws {
    try Self.check(other, overwrite: overwrite)
    path = other
  }

  /// Gives the finished file its name.
  package func commit() throws { try Self.commit([self]) }

  /// Removes the temporary file; nothing appears under the final name.
  package func discard() {
    lock.withLock {
      guard open else { return }
      open = false
      unlink(temporary)
      TemporaryNames.remove(slot)
    }
  }

  /// Commits several finished files together: either all appear or none.
  package static func commit(_ files: [StagedFile]) throws {
    for file in files { try check(file.path, overwrite: file.overwrite) }
    for file in files { try file.synchronize() }
    var placed: [String] = []
    for file in files {
      let isNew = !exists(file.path)
      guard Foundation.rename(file.temporary, file.path) == 0 else {
        let error = OutputError(errno: errno, path: file.path)
        for path in placed { unlink(path) }
        for file in files { file.discard() }
        throw error
      }
      if isNew { placed.append(file.path) }
      file.lock.withLock {
        file.open = false
        TemporaryNames.remove(file.slot)
      }
    }
  }

  /// Waits until the bytes are on the disk, because some disks report only now that they are full.
  private func synchronize() throws {
    let descriptor = Foundation.open(temporary, O_WRONLY)
    guard descriptor >= 0 else { throw OutputError(errno: errno, path: path) }
    defer { close(descriptor) }
    // EINVAL: the file system does not support synchronisation.
    if fsync(descriptor) != 0, errno != EINVAL { throw OutputError(errno: errno, path: path) }
  }

  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  private static func check(_ path: String, overwrite: Bool) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG || kind == S_IFLNK else {
      let what = kind == S_IFDIR ? "it is a folder" : "it is not a regular file"
      throw OutputError.unwritable(path: path, reason: what)
    }
    if !overwrite { throw OutputError.exists(path: path) }
  }
}

/// The temporary names in use, in a form that is safe for a signal handler: fixed slots of C
/// strings that are never freed (a few bytes per output).
public enum TemporaryNames {
  private static let capacity = 256
  private static let lock = NSLock()
  // Unsafe, because a signal handler cannot take a lock: `lock` guards changes, the handler only
  // reads.
  nonisolated(unsafe) private static let slots = {
    let slots = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: capacity)
    slots.initialize(repeating: nil, count: capacity)
    return slots
  }()

  /// Creates the table, so that `removeFiles` needs no setup inside a signal handler. Call it when
  /// the handler is installed.
  public static func prepare() { _ = slots }

  /// Removes every unfinished output. Calls only `unlink`: safe in a signal handler once `prepare`
  /// has run. The process must end afterwards.
  public static func removeFiles() {
    for index in 0..<capacity {
      if let name = slots[index] { unlink(name) }
    }
  }

  /// The names in the table.
  package static var current: [String] {
    lock.withLock { (0..<capacity).compactMap { slots[$0].map { String(cString: $0) } } }
  }

  /// If there are more outputs than slots, the others are removed only by their owners, not by the
  /// handler.
  fileprivate static func insert(_ name: String) -> Int {
    lock.withLock {
      guard let free = (0..<capacity).first(where: { slots[$0] == nil }) else { return -1 }
      slots[free] = strdup(name)
      return free
    }
  }

  fileprivate static func remove(_ slot: Int) {
    guard slot >= 0 else { return }
    lock.withLock { slots[slot] = nil }
  }
}
