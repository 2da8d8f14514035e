import Foundation

/// A buffered stream of bytes into a file.
///
/// Callers get space with `reserve`, fill it through the returned pointer and commit it with
/// `advance`, so that numbers are formatted directly into the buffer.
package struct FileSink: ~Copyable {
  private let file: StagedFile
  private let capacity: Int
  private let buffer: UnsafeMutablePointer<UInt8>
  private var used = 0
  private var written = 0

  /// Writes into `file` from its start.
  package init(_ file: StagedFile, capacity: Int = 1 << 20) {
    self.file = file
    self.capacity = capacity
    buffer = .allocate(capacity: capacity)
  }

  deinit { buffer.deallocate() }

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
    if ftruncate(file.descriptor, off_t(length)) == 0 { written = length }
  }

  private mutating func send(_ bytes: UnsafeRawBufferPointer) throws {
    try file.write(bytes, at: written)
    written += bytes.count
  }
}

extension StagedFile {
  /// Room for notes beside a table or at its end: they are written last, when the disk may be full.
  package static let notesBytes = 1 << 16

  /// Writes bytes at a position.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(OutputError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw OutputError(errno: errno, path: path, needed: offset + bytes.count)
      }
      done += count
    }
  }

  /// Writes a whole small file.
  package func write(_ bytes: some ContiguousBytes) throws {
    try bytes.withUnsafeBytes {
      try write($0, at: 0)
      try end(at: $0.count)
    }
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
