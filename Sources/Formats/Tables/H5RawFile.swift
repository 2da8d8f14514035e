import Foundation

/// The bytes of an HDF5 file, for the parts of it that are read without the library.
final class H5RawFile {
  private let descriptor: Int32
  let count: Int

  /// nil where the file cannot be opened.
  init?(path: String) {
    descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    count = Int(lseek(descriptor, 0, SEEK_END))
  }

  deinit { close(descriptor) }

  /// `length` bytes from `offset` on; nil where they do not all lie in the file.
  func bytes(_ offset: Int, _ length: Int) -> H5Bytes? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
      filled =
        length == 0 ? 0 : max(0, pread(descriptor, buffer.baseAddress!, length, off_t(offset)))
    }
    return bytes.count == length ? H5Bytes(Data(bytes)) : nil
  }
}

/// Bytes whose every access is held against their end.
struct H5Bytes {
  private let bytes: Data

  init(_ bytes: Data) { self.bytes = bytes }

  var count: Int { bytes.count }

  /// `length` bytes from `offset` on; nil where they reach over the end.
  func part(_ offset: Int, _ length: Int) -> H5Bytes? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    let start = bytes.startIndex + offset
    return H5Bytes(bytes[start..<start + length])
  }

  /// A little-endian number; one too large for Int is the largest.
  func number(_ offset: Int, bytes length: Int) -> Int? {
    part(offset, length).map { part in
      Int(clamping: part.bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
  }

  func starts(with text: String) -> Bool { bytes.starts(with: text.utf8) }

  /// Where `text`, ended by a zero, begins, from `offset` on.
  func place(of text: String, from offset: Int) -> Int? {
    guard offset < count else { return nil }
    let found = bytes.range(
      of: Data(text.utf8) + [0], in: (bytes.startIndex + offset)..<bytes.endIndex)
    return found.map { $0.lowerBound - bytes.startIndex }
  }

  /// As text, up to the first zero.
  var text: String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }

  func withUnsafeBytes<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T {
    bytes.withUnsafeBytes(body)
  }
}
