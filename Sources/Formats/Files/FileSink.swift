import Foundation

/// A buffered stream of bytes into a file.
///
/// Callers get space with `reserve`, fill it through the returned pointer and commit it with
/// `advance`, so that numbers are formatted directly into the buffer.
package struct FileSink: ~Copyable {
  private let descriptor: Int32
  private let path: String
  private let capacity: Int
  private let buffer: UnsafeMutablePointer<UInt8>
  private var used = 0
  private var written = 0

  /// Opens `file`, which may exist; errors name `path`.
  package init(file: String, path: String, capacity: Int = 1 << 20) throws {
    descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    guard descriptor >= 0 else { throw OutputError(errno: errno, path: path) }
    self.path = path
    self.capacity = capacity
    buffer = .allocate(capacity: capacity)
  }

  deinit {
    close(descriptor)
    buffer.deallocate()
  }

  /// Space for `count` bytes, at most the buffer's capacity.
  @inline(__always)
  package mutating func reserve(_ count: Int) throws -> UnsafeMutablePointer<UInt8> {
    if capacity - used < count { try flush() }
    return buffer + used
  }

  /// Commits the bytes up to `end`, which lies in the space reserved last.
  @inline(__always)
  package mutating func advance(to end: UnsafeMutablePointer<UInt8>) { used = end - buffer }

  package mutating func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  package mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    try flush()
    try send(bytes)
  }

  package mutating func flush() throws {
    try send(UnsafeRawBufferPointer(start: buffer, count: used))
    used = 0
  }

  /// Total bytes in the file and the buffer.
  package var length: Int { written + used }

  /// Discards everything after the first `length` bytes, if possible.
  package mutating func truncate(to length: Int) {
    used = 0
    if ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, 0, SEEK_END) >= 0 {
      written = length
    }
  }

  private mutating func send(_ bytes: UnsafeRawBufferPointer) throws {
    var sent = 0
    while sent < bytes.count {
      let count = Foundation.write(descriptor, bytes.baseAddress! + sent, bytes.count - sent)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw OutputError(errno: errno, path: path, needed: written + bytes.count)
      }
      sent += count
      written += count
    }
  }
}

extension StagedFile {
  /// Writes a whole small file.
  package func write(_ bytes: some ContiguousBytes) throws {
    var sink = try FileSink(file: temporary, path: path, capacity: 1)
    try bytes.withUnsafeBytes { try sink.write($0) }
  }

  /// A whole small file at once.
  package static func write(
    _ bytes: some ContiguousBytes, to path: String, overwrite: Bool
  ) throws {
    let file = try StagedFile(path: path, overwrite: overwrite)
    try file.write(bytes)
    try file.commit()
  }
}
