import Containers
import Foundation
import Reporting

/// An open file that can be read at absolute positions from any thread.
final class FileBytes: Sendable {
  var path: String { file.path }
  /// Size in bytes when the file was opened.
  var size: Int { file.size }
  let file: InputFile

  init(_ path: String) throws(MovieError) {
    do {
      file = try InputFile(path)
    } catch {
      let isPattern = error.kind == .missing && path.contains { "*?[".contains($0) }
      let hint: Message =
        "the shell found no file for the pattern, or it is in quotes; give one movie at a time"
      var error = MovieError(error, file: path)
      if isPattern { error.hint = hint }
      throw error
    }
  }

  /// What happened to the file since it was opened, for `Movie.changes`.
  var changes: [String] { file.change.map { ["\(path) \($0)"] } ?? [] }

  /// Fills `buffer` with the bytes from `offset`, or throws.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(MovieError) {
    let count = try readAvailable(at: offset, into: buffer)
    guard count == buffer.count else {
      throw MovieError(
        .readFailed, "the file is \(buffer.count - count) bytes too short", file: path,
        byte: offset + count)
    }
  }

  /// Fills rows of `bytes` bytes, `stride` bytes apart, from rows that begin `apart` bytes after one
  /// another from `offset` on.
  ///
  /// Rows are copied from a block that stays in the processor's cache, which is faster than a
  /// scattered read.
  func read(
    at offset: Int, rows: Int, of bytes: Int, apart: Int, into target: UnsafeMutableRawPointer,
    stride: Int
  ) throws(MovieError) {
    let most = max(1, Self.block / apart)
    let block = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(most, rows) * apart, alignment: 16)
    defer { block.deallocate() }
    for first in Swift.stride(from: 0, to: rows, by: most) {
      let count = min(most, rows - first)
      try read(
        at: offset + first * apart,
        into: UnsafeMutableRawBufferPointer(rebasing: block[..<((count - 1) * apart + bytes)]))
      for row in 0..<count {
        memcpy(target + (first + row) * stride, block.baseAddress! + row * apart, bytes)
      }
    }
  }

  private static let block = 1 << 16

  /// Reads until `buffer` is full or the file ends; returns the number of bytes read.
  func readAvailable(
    at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(MovieError) -> Int {
    guard offset >= 0 else {
      throw MovieError(.readFailed, "a position outside the file", file: path, byte: offset)
    }
    do { return try file.read(at: offset, into: buffer) } catch {
      throw MovieError(error, file: path)
    }
  }

  /// Whether the size is the product of the numbers, which are text, and `bytes`.
  func isExactly(_ numbers: [String], bytes: Int) -> Bool {
    var product = bytes
    for text in numbers {
      guard let number = Int(text.trimmingCharacters(in: .whitespaces)), number > 0 else {
        return false
      }
      let (value, overflow) = product.multipliedReportingOverflow(by: number)
      if overflow { return false }
      product = value
    }
    return product == size
  }

  /// A copy of `count` bytes from `offset` on; fewer where the file ends.
  func bytes(at offset: Int, count: Int) throws(MovieError) -> [UInt8] {
    guard offset >= 0, offset < size, count > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: min(count, size - offset))
    let done = try bytes.withUnsafeMutableBufferPointer { buffer throws(MovieError) in
      try readAvailable(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
    }
    bytes.removeLast(bytes.count - done)
    return bytes
  }
}

/// The system's message for the last error.
func lastSystemError() -> String { String(cString: strerror(errno)) }

/// Reads integers from bytes, in either byte order; nil outside the bytes.
struct ByteReader {
  var bytes: [UInt8]
  var bigEndian: Bool

  func integer<T: FixedWidthInteger>(_: T.Type, at offset: Int) -> T? {
    let size = MemoryLayout<T>.size
    guard offset >= 0, bytes.count >= size, offset <= bytes.count - size else { return nil }
    let raw = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
    return bigEndian ? T(bigEndian: raw) : T(littleEndian: raw)
  }
}
