import CZlib

/// Makes the headers and the directory of a zip file of stored members, up to 4 GB.
package struct ZipWriter {
  private struct Member {
    let name: [UInt8]
    let offset: Int
    let size: Int
    let checksum: UInt32
  }

  private var members: [Member] = []

  /// The largest archive, bytes.
  package static let largest = Int(UInt32.max) - 1

  package init() {}

  /// A checksum of bytes that continue those with the checksum `start`.
  package static func checksum(_ bytes: UnsafeRawBufferPointer, after start: UInt32 = 0) -> UInt32 {
    UInt32(
      truncatingIfNeeded: crc32_z(
        UInt(start), bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
  }

  /// The header of a member. If its bytes are not known yet, the header is written a second time.
  package static func header(_ name: String, size: Int, checksum: UInt32) -> [UInt8] {
    word(0x0403_4b50) + common(Array(name.utf8), size, checksum) + Array(name.utf8)
  }

  /// Notes a member whose header is at `offset`.
  package mutating func add(_ name: String, at offset: Int, size: Int, checksum: UInt32) {
    members.append(
      Member(name: Array(name.utf8), offset: offset, size: size, checksum: checksum))
  }

  /// The directory, which ends the file.
  package func directory(at offset: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for member in members {
      bytes += Self.word(0x0201_4b50) + Self.half(20)
      bytes += Self.common(member.name, member.size, member.checksum)
      bytes += Self.half(0) + Self.half(0) + Self.half(0) + Self.word(0)
      bytes += Self.word(UInt32(clamping: member.offset)) + member.name
    }
    let count = Self.half(UInt16(clamping: members.count))
    return bytes + Self.word(0x0605_4b50) + Self.half(0) + Self.half(0) + count + count
      + Self.word(UInt32(clamping: bytes.count)) + Self.word(UInt32(clamping: offset))
      + Self.half(0)
  }

  /// Version, flags (names in UTF-8), method, time (1980-01-01), checksum, sizes, lengths.
  private static func common(_ name: [UInt8], _ size: Int, _ checksum: UInt32) -> [UInt8] {
    let bytes = word(UInt32(clamping: size))
    return half(20) + half(0x0800) + half(0) + half(0) + half(0x21) + word(checksum) + bytes + bytes
      + half(UInt16(clamping: name.count)) + half(0)
  }

  private static func word(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func half(_ value: UInt16) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
