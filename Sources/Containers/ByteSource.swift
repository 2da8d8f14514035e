import Foundation

/// The bytes of a container: a file read at absolute positions, or memory.
///
/// Files are read by `pread` and not mapped: if a file shrinks while it is read, this gives an
/// error, whereas a mapping would crash the process.
package final class ByteSource {
  private enum Place {
    case file(Int32)
    case memory([UInt8])
  }

  /// Number of bytes when the source was opened.
  package let count: Int
  private let place: Place

  package init(_ bytes: [UInt8]) {
    place = .memory(bytes)
    count = bytes.count
  }

  package init(path: String) throws(FileFault) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      throw FileFault("cannot be opened: \(Self.systemError)", kind: .unreadable)
    }
    place = .file(descriptor)
    count = Int(status.st_size)
  }

  deinit { if case .file(let descriptor) = place { close(descriptor) } }

  /// All bytes of a file.
  package static func contents(of path: String) throws(FileFault) -> [UInt8] {
    let source = try ByteSource(path: path)
    return try source.bytes(at: 0, count: source.count)
  }

  /// Fills `buffer` with the bytes starting at `offset`.
  package func read(
    at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(FileFault) {
    try check(offset, buffer.count)
    switch place {
    case .memory(let bytes):
      bytes.withUnsafeBytes { raw in
        buffer.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: raw[offset..<offset + buffer.count]))
      }
    case .file(let descriptor):
      var done = 0
      while done < buffer.count {
        let read = pread(
          descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
        if read < 0, errno == EINTR { continue }
        guard read >= 0 else {
          throw FileFault(
            "cannot be read: \(Self.systemError)", byte: offset + done, kind: .unreadable)
        }
        guard read > 0 else {
          throw FileFault("became shorter while it was read", byte: offset + done)
        }
        done += read
      }
    }
  }

  /// A copy of `count` bytes starting at `offset`.
  package func bytes(at offset: Int, count: Int) throws(FileFault) -> [UInt8] {
    try check(offset, count)
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBufferPointer { buffer throws(FileFault) in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
    }
    return bytes
  }

  private func check(_ offset: Int, _ count: Int) throws(FileFault) {
    guard offset >= 0, count >= 0, offset <= self.count else {
      throw FileFault("points outside of the file", byte: offset)
    }
    guard count <= self.count - offset else {
      throw FileFault("ends \(count - (self.count - offset)) bytes too early", byte: self.count)
    }
  }

  private static var systemError: String { String(cString: strerror(errno)).lowercased() }
}
