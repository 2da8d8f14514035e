import Foundation

/// A regular file that is open for reading at absolute positions, from any thread.
///
/// Glint opens every input here. Only regular files are opened, or links to one: a pipe would block
/// until somebody writes to it, and a device may do anything.
package final class InputFile: Sendable {
  package let path: String
  /// The file's stamp when it was opened.
  package let stamp: FileStamp
  /// For C libraries that read the file by themselves; it stays open as long as this object.
  package let descriptor: Int32

  package init(_ path: String) throws(FileFault) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw Self.unopened() }
    if let refusal = Self.refusal(status.st_mode) { throw refusal }
    let descriptor = try Self.open(path)
    // Another file may have taken the name since.
    guard fstat(descriptor, &status) == 0, Self.refusal(status.st_mode) == nil else {
      close(descriptor)
      throw Self.refusal(status.st_mode) ?? Self.unopened()
    }
    self.path = path
    self.descriptor = descriptor
    stamp = FileStamp(status)
  }

  deinit { close(descriptor) }

  /// Size in bytes when the file was opened.
  package var size: Int { stamp.size }

  /// What happened to the file since it was opened, like `FileStamp.change`. A file that lost its
  /// name is still whole.
  package var change: String? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? stamp.change(to: FileStamp(status)) : nil
  }

  /// Reads until `buffer` is full or the file ends; returns the number of bytes.
  package func read(
    at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(FileFault) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileFault("cannot be read: \(systemError())", byte: offset + done, kind: .unreadable)
      }
      done += count
    }
    return done
  }

  /// All bytes of a file. Throws if it changes meanwhile.
  ///
  /// - Parameter most: a larger file is a fault.
  package static func contents(
    of path: String, atMost most: Int = .max
  ) throws(FileFault) -> [UInt8] {
    let file = try InputFile(path)
    guard file.size <= most else {
      throw FileFault("has \(file.size) bytes, more than the \(most) that it may have")
    }
    return try file.bytes(at: 0, count: file.size)
  }

  /// A copy of `count` bytes; fewer where the file ends. Throws if the file changed since it was
  /// opened.
  package func bytes(at offset: Int, count: Int) throws(FileFault) -> [UInt8] {
    guard offset >= 0, offset < size, count > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: min(count, size - offset))
    let done = try bytes.withUnsafeMutableBufferPointer { buffer throws(FileFault) in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
    }
    guard done == bytes.count, change == nil else {
      throw .changed(change ?? "became shorter")
    }
    return bytes
  }

  /// The descriptor of a regular file.
  private static func open(_ path: String) throws(FileFault) -> Int32 {
    // A pipe that took the name meanwhile does not block.
    let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY
    var descriptor = Foundation.open(path, flags | O_NONBLOCK)
    // Sets of files can exceed the initial limit on open files.
    if descriptor < 0, errno == EMFILE, allowMoreFiles() {
      descriptor = Foundation.open(path, flags | O_NONBLOCK)
    }
    // Another program holds a lease on the file and is now asked to return it.
    if descriptor < 0, errno == EWOULDBLOCK { descriptor = Foundation.open(path, flags) }
    guard descriptor >= 0 else { throw unopened() }
    _ = fcntl(descriptor, F_SETFL, flags)
    return descriptor
  }

  /// Raises the limit on open files to the maximum for this process.
  private static func allowMoreFiles() -> Bool {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
      limit.rlim_cur < limit.rlim_max
    else { return false }
    limit.rlim_cur = limit.rlim_max
    return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
  }

  private static func unopened() -> FileFault {
    FileFault(
      "cannot be opened: \(systemError())",
      kind: errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable)
  }

  /// The fault of what is no regular file; nil for one.
  private static func refusal(_ mode: mode_t) -> FileFault? {
    switch mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFDIR: return FileFault("is a folder, not a file", kind: .unreadable)
    case S_IFIFO:
      return .refusal(
        "is a pipe and not a file, so it can be read only once and never backwards",
        hint: "write its bytes into a file first, and give the name of that file")
    default:
      return .refusal(
        "is \(mode & S_IFMT == S_IFSOCK ? "a socket" : "a device") and not a file",
        hint: "give the name of a file")
    }
  }
}

extension FileFault {
  /// - Parameter how: a phrase of `FileStamp.change`.
  package static func changed(_ how: String) -> FileFault {
    FileFault(
      "\(how) while it was read",
      hint: "wait until no other program writes to it, or copy it, then read it again",
      kind: .unreadable)
  }
}

/// The system's message for the last error, in lower case.
func systemError() -> String { String(cString: strerror(errno)).lowercased() }
