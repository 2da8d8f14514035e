import Foundation

/// A file that is written under a temporary name and takes its own name only when it is whole.
final class PartialFile {
  let path: String
  private(set) var position = 0
  private let temporary: String
  private var descriptor: Int32

  init(_ path: String) throws(MovieError) {
    self.path = path
    temporary = path + ".part"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw MovieError(.writeFailed, "cannot be created: \(lastSystemError())", file: path)
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(MovieError) {
    try write(bytes, at: position)
    position += bytes.count
  }

  func write(_ bytes: [UInt8]) throws(MovieError) {
    try write(bytes, at: position)
    position += bytes.count
  }

  func write(_ bytes: [UInt8], at offset: Int) throws(MovieError) {
    try bytes.withUnsafeBufferPointer { buffer throws(MovieError) in
      try write(UnsafeRawBufferPointer(buffer), at: offset)
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(MovieError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw MovieError(
          .writeFailed, "cannot be written: \(lastSystemError())", file: path, byte: offset + done)
      }
      done += count
    }
  }

  /// Gives the file its name.
  func finish() throws(MovieError) {
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0, rename(temporary, path) == 0 else {
      let words = lastSystemError()
      unlink(temporary)
      throw MovieError(.writeFailed, "cannot be completed: \(words)", file: path)
    }
  }
}
