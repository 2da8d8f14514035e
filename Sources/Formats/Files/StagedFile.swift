import CRename
import Foundation
import Reporting

/// An output file that appears under its name only when it is complete.
///
/// Bytes are written to a hidden file in the same folder, `.NAME.glint-part`, which is locked while
/// it is written: a second run with the same output is refused, and a file without a lock was left
/// behind by a process that was killed and is used again. `commit` gives the file its name;
/// `discard`, or releasing the last reference, removes it. The folder is kept open, so that the
/// output survives if the folder is renamed meanwhile.
package final class StagedFile: @unchecked Sendable {
  /// The final name.
  package private(set) var path: String
  /// The name of the file while it is written.
  package let temporary: String
  /// The file, open for reading and writing; closed with the last reference.
  package let descriptor: Int32
  private var overwrite: Bool
  private let folder: Int32
  private let temporaryName: String
  private let slot: Int
  private let lock = NSLock()
  private var open = true
  private var reserved = 0
  private var isPartial = false

  private static let suffix = ".glint-part"

  /// - Parameters:
  ///   - path: the final name. With `overwrite`, a link stands for the file that it points to.
  ///   - overwrite: whether an existing file is replaced.
  ///   - keepsContent: whether to go on with the bytes that a killed process left behind.
  /// - Throws: `OutputError` if `path` exists (without `overwrite`), is a folder or is being
  ///   written by another process, or if its folder is not writable.
  package init(path: String, overwrite: Bool = false, keepsContent: Bool = false) throws {
    let path = overwrite ? try Self.target(of: path) : path
    let url = URL(fileURLWithPath: path)
    let place = url.deletingLastPathComponent().path
    self.path = path
    self.overwrite = overwrite
    temporaryName = ".\(url.lastPathComponent)\(Self.suffix)"
    temporary = place + "/" + temporaryName
    try Self.check(path, overwrite: overwrite)
    folder = Foundation.open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw OutputError(errno: errno, path: path) }
    LeftBehind.sweep(place, folder)
    // Known before it exists, so that a signal finds it at any time.
    slot = TemporaryNames.insert(temporary)
    do {
      descriptor = try Self.lockedFile(temporaryName, in: folder, path: path)
    } catch {
      TemporaryNames.remove(slot)
      close(folder)
      throw error
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IWUSR != 0 else {
      release()
      throw OutputError.unwritable(
        path: path, reason: "the complete result of an earlier run waits for a name in \(temporary)"
      )
    }
    if !keepsContent, ftruncate(descriptor, 0) != 0 {
      throw OutputError(errno: errno, path: path)
    }
  }

  deinit {
    discard()
    close(descriptor)
    close(folder)
  }

  /// Opens a file and locks it; creates it if there is none.
  static func lockedFile(
    _ name: String, in folder: Int32, path: String
  ) throws(OutputError) -> Int32 {
    while true {
      let descriptor = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
      guard descriptor >= 0 else { throw OutputError(errno: errno, path: path) }
      if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
        close(descriptor)
        throw OutputError.busy(path: path)
      }
      // Its former owner may have given it its name, or removed it, before it was locked here.
      var (own, named) = (stat(), stat())
      if fstat(descriptor, &own) == 0, fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0,
        own.st_ino == named.st_ino
      {
        return descriptor
      }
      close(descriptor)
    }
  }

  /// Makes sure that the file can grow to `bytes`, so that they can be written even if the disk is
  /// full then. `end` gives back what is not used.
  ///
  /// - Parameter steps: reserves multiples of this number while there is room, so that few calls
  ///   reserve anything.
  package func reserve(_ bytes: Int, steps: Int = 1) throws(OutputError) {
    guard bytes > reserved else { return }
    var code: Int32 = 0
    for wanted in [(bytes + steps - 1) / steps * steps, bytes] {
      repeat {
        code = posix_fallocate(descriptor, off_t(reserved), off_t(wanted - reserved))
      } while code == EINTR
      if code == 0 {
        reserved = wanted
        return
      }
    }
    throw OutputError(errno: code, path: path, needed: bytes)
  }

  /// Cuts the file off behind its last byte, after more was reserved.
  package func end(at length: Int) throws(OutputError) {
    guard ftruncate(descriptor, off_t(length)) == 0 else {
      throw OutputError(errno: errno, path: path)
    }
    reserved = length
  }

  /// Chooses another final name for a part of the output, in the same folder, which never replaces
  /// a file.
  ///
  /// Throws `OutputError` if it exists.
  package func rename(to other: String) throws {
    try Self.check(other, overwrite: false)
    path = other
    overwrite = false
    isPartial = true
  }

  /// Gives the finished file its name.
  package func commit() throws { try Self.commit([self]) }

  /// Removes the temporary file; nothing appears under the final name.
  package func discard() {
    lock.withLock {
      guard open else { return }
      open = false
      unlinkat(folder, temporaryName, 0)
      TemporaryNames.remove(slot)
    }
  }

  /// Ends the work on the file without removing it.
  private func release() {
    lock.withLock {
      open = false
      TemporaryNames.remove(slot)
    }
  }

  private var name: String { URL(fileURLWithPath: path).lastPathComponent }

  /// Gives several finished files their names together: either all appear or none. Inside
  /// `together` this happens at its end.
  ///
  /// If a name was taken meanwhile, or the system refuses it, the files get partial names; if these
  /// are refused too, they stay under their temporary ones. `OutputError.kept` states the names.
  package static func commit(_ files: [StagedFile]) throws {
    if let finished { finished.add(files) } else { try name(files) }
  }

  /// Runs `body`; all files that it commits get their names together when it has ended.
  ///
  /// - Parameters:
  ///   - observer: if `body` throws, is told the partial names of the files that it had committed.
  ///   - body: commits files on this thread.
  package static func together<T>(
    telling observer: any Observer, _ body: () throws -> T
  ) throws -> T {
    let set = Finished()
    let result: T
    do {
      result = try $finished.withValue(set, operation: body)
    } catch {
      var names: [String] = []
      for files in set.groups {
        // Who gave a partial name tells it.
        if files[0].isPartial, (try? place(files)) != nil { continue }
        names += keep(files)
      }
      if !names.isEmpty {
        let verb = names.count == 1 ? "is" : "are"
        observer.note("stopped: \(names.joined(separator: " and ")) \(verb) complete")
      }
      throw error
    }
    if !set.groups.isEmpty { try name(set.groups.flatMap { $0 }) }
    return result
  }

  /// Files that wait for the end of `together`. Only one thread uses it.
  private final class Finished: @unchecked Sendable {
    private(set) var groups: [[StagedFile]] = []
    func add(_ files: [StagedFile]) { groups.append(files) }
  }

  @TaskLocal private static var finished: Finished?

  private static func name(_ files: [StagedFile]) throws {
    do {
      for file in files {
        try check(file.path, overwrite: file.overwrite)
        try file.synchronize()
      }
      try place(files)
    } catch let error as OutputError {
      let wanted = files[files.count - 1].path
      throw OutputError.kept(path: wanted, in: keep(files), reason: error.reason)
    }
  }

  /// Keeps complete files whose names are not to be had: under partial names, or else under the
  /// temporary ones. Returns the names.
  private static func keep(_ files: [StagedFile]) -> [String] {
    do {
      return try PartialName.of(files.map(\.path)) { names in
        for (file, name) in zip(files, names) { try file.rename(to: name) }
        try place(files)
      }
    } catch {
      // Files without the right to write are complete: no later run takes them for leftovers.
      for file in files {
        fchmod(file.descriptor, 0o444)
        file.release()
      }
      return files.map(\.temporary)
    }
  }

  /// Gives the files their names, all or none.
  private static func place(_ files: [StagedFile]) throws {
    var placed: [(file: StagedFile, replaced: Bool)] = []
    do {
      for file in files {
        placed.append(
          (
            file,
            try file.move(from: file.temporaryName, to: file.name, file.overwrite)
          ))
      }
    } catch {
      for (file, replaced) in placed.reversed() {
        _ = try? file.move(from: file.name, to: file.temporaryName, replaced)
      }
      throw error
    }
    for (file, replaced) in placed {
      if replaced { unlinkat(file.folder, file.temporaryName, 0) }
      file.release()
      // The new name survives a loss of power; where the system cannot do it, nothing is lost.
      fsync(file.folder)
    }
  }

  /// Renames a file in the folder.
  ///
  /// - Parameter replacing: whether a file with the new name gets the old name in exchange.
  /// - Returns: whether there was such a file.
  private func move(
    from old: String, to new: String, _ replacing: Bool
  ) throws(OutputError) -> Bool {
    if replacing {
      if rename(old, new, flags: Self.exchange) { return true }
      if errno != ENOENT, Self.isUnknown(errno) {
        // Without an exchange of names the old file is moved away first.
        let aside = new + ".glint-old"
        if renameat(folder, new, folder, aside) == 0 {
          guard renameat(folder, old, folder, new) == 0 else {
            let code = errno
            renameat(folder, aside, folder, new)
            throw OutputError(errno: code, path: path)
          }
          renameat(folder, aside, folder, old)
          return true
        }
      }
      guard errno == ENOENT else { throw OutputError(errno: errno, path: path) }
    }
    if rename(old, new, flags: Self.noReplace) { return false }
    if Self.isUnknown(errno) {
      var status = stat()
      guard fstatat(folder, new, &status, AT_SYMLINK_NOFOLLOW) != 0 else {
        throw OutputError.exists(path: path)
      }
      if renameat(folder, old, folder, new) == 0 { return false }
    }
    throw OutputError(errno: errno, path: path)
  }

  private static let noReplace: UInt32 = 1
  private static let exchange: UInt32 = 2

  private func rename(_ old: String, _ new: String, flags: UInt32) -> Bool {
    glint_rename(folder, old, new, flags) == 0
  }

  /// Whether the file system does not know the flags of `renameat2`.
  private static func isUnknown(_ code: Int32) -> Bool { [EINVAL, ENOSYS, ENOTSUP].contains(code) }

  /// Waits until the bytes are on the disk, because some disks report only now that they are full.
  private func synchronize() throws {
    // EINVAL: the file system does not support synchronisation.
    if fsync(descriptor) != 0, errno != EINVAL { throw OutputError(errno: errno, path: path) }
  }

  /// The file that a path stands for: the end of a chain of links.
  static func target(of path: String) throws -> String {
    var path = path
    for _ in 0..<40 {
      guard let link = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else {
        return path
      }
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      path = link.hasPrefix("/") ? link : folder + "/" + link
    }
    throw OutputError.unwritable(path: path, reason: "too many links lead to it")
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

  /// Temporary files of processes that were killed.
  private enum LeftBehind {
    private static let swept = Guarded<Set<String>>([])

    /// Removes them from a folder, once in each process. A file with a journal is kept, because its
    /// run can be resumed.
    static func sweep(_ place: String, _ folder: Int32) {
      guard swept.withLock({ $0.insert(place).inserted }),
        let names = try? FileManager.default.contentsOfDirectory(atPath: place)
      else { return }
      for name in names where name.hasPrefix(".") && name.hasSuffix(suffix) {
        let output = String(name.dropFirst().dropLast(suffix.count))
        guard !names.contains(Journal.name(of: output)) else { continue }
        let descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { continue }
        var status = stat()
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0,
          status.st_mode & S_IWUSR != 0
        {
          unlinkat(folder, name, 0)
        }
        close(descriptor)
      }
    }
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

  /// Creates the table, so that `removeEmptyFiles` needs no setup inside a signal handler. Call it
  /// when the handler is installed.
  public static func prepare() { _ = slots }

  /// Removes every output in which nothing was written yet. Calls only `stat` and `unlink`: safe in
  /// a signal handler once `prepare` has run. The process must end afterwards.
  ///
  /// A file with data is not removed: the next run with an output in its folder finds it.
  public static func removeEmptyFiles() {
    for index in 0..<capacity {
      guard let name = slots[index] else { continue }
      var status = stat()
      if stat(name, &status) == 0, status.st_size == 0 { unlink(name) }
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
