import Foundation

/// Writes the bytes of a movie into a staged file, at its end or at a given position, for example
/// for a header that is known only at the end.
final class MovieSink {
  let staged: StagedFile
  private(set) var position = 0
  private var descriptor: Int32

  /// Throws `OutputError`.
  init(path: String, overwrite: Bool) throws {
    staged = try StagedFile(path: path, overwrite: overwrite)
    descriptor = open(staged.temporary, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError(errno: errno, path: path) }
  }

  deinit { if descriptor >= 0 { Foundation.close(descriptor) } }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    try write(bytes, at: position)
    position += bytes.count
  }

  func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw OutputError(errno: errno, path: staged.path, needed: offset + bytes.count)
      }
      done += count
    }
  }

  /// Ends the writing; the file is not yet committed.
  func close() throws {
    let closed = Foundation.close(descriptor)
    descriptor = -1
    guard closed == 0 else { throw OutputError(errno: errno, path: staged.path) }
  }
}
