import Foundation

/// The bytes of a container: a file read at absolute positions, or memory.
///
/// Files are read by `pread` and not mapped: if a file shrinks while it is read, this gives an
/// error, whereas a mapping would crash the process.
package final class ByteSource {
  private enum Place {
    case file(InputFile)
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
    let file = try InputFile(path)
    place = .file(file)
    count = file.size
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
    case .file(let file):
      let done = try file.read(at: offset, into: buffer)
      guard done == buffer.count else {
        throw .changed(file.change ?? "became shorter")
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
}
