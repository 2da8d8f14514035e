import CZlib

/// The members of a zip file in memory.
///
/// Members are taken from its central directory: stored or deflated, zip64, checksums verified.
package struct ZipArchive {
  package struct Member {
    package let name: String
    let method: Int
    let packed: Int
    let size: Int
    let checksum: UInt64
    let header: Int
  }

  package let members: [Member]
  private let places: [String: Int]
  private let bytes: [UInt8]

  package static func recognizes(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x50, 0x4b, 3, 4])
  }

  package init(_ bytes: [UInt8]) throws(FileFault) {
    self.bytes = bytes
    let (count, directory) = try Self.directory(bytes)
    var cursor = try ByteCursor(bytes, from: directory)
    var members: [Member] = []
    var allowance = Allowance(file: bytes.count)
    for _ in 0..<count {
      members.append(try Self.member(&cursor))
      try allowance.take(members.last!.size)
    }
    self.members = members
    places = Dictionary(members.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// Bytes of the archive.
  package var size: Int { bytes.count }

  package subscript(name: String) -> Member? { places[name].map { members[$0] } }

  package func read(_ member: Member) throws(FileFault) -> [UInt8] {
    var cursor = try ByteCursor(bytes, from: member.header)
    guard try cursor.unsigned(4) == 0x0403_4b50 else {
      throw FileFault(
        "has no member `\(member.name)` where its directory says", byte: member.header)
    }
    try cursor.skip(22)
    let name = try cursor.length(2)
    let extra = try cursor.length(2)
    try cursor.skip(name + extra)
    let packed = try cursor.take(member.packed)
    let result: [UInt8]
    switch member.method {
    case 0:
      guard member.packed == member.size else { throw damage(member) }
      result = Array(packed)
    case 8:
      // Deflate compresses by at most 1032 to 1; a file that claims more is meant to exhaust
      // memory.
      guard member.size / 1032 <= member.packed else { throw damage(member) }
      var inflated = [UInt8](repeating: 0, count: member.size)
      let whole = packed.withUnsafeBufferPointer { from in
        inflated.withUnsafeMutableBufferPointer { to in
          glint_inflate(from.baseAddress, from.count, to.baseAddress, to.count)
        }
      }
      guard whole == 1 else { throw damage(member) }
      result = inflated
    default:
      throw FileFault(
        "compresses member `\(member.name)` by method \(member.method), not by deflate")
    }
    let checksum = result.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
    guard UInt64(checksum) == member.checksum || result.isEmpty || !Checksums.areVerified else {
      throw damage(member)
    }
    return result
  }

  private func damage(_ member: Member) -> FileFault {
    FileFault("has a damaged member `\(member.name)`", byte: member.header)
  }

  /// Number of members and start of the central directory, from the record at the file's end.
  private static func directory(_ bytes: [UInt8]) throws(FileFault) -> (Int, Int) {
    let lowest = max(0, bytes.count - 22 - 65535)
    var end = bytes.count - 22
    while end >= lowest, !bytes[end...].starts(with: [0x50, 0x4b, 5, 6]) { end -= 1 }
    guard end >= lowest else {
      throw FileFault("is a truncated zip archive", byte: bytes.count)
    }
    var cursor = try ByteCursor(bytes, from: end + 10)
    let count = try cursor.length(2)
    try cursor.skip(4)
    let start = try cursor.length(4)
    guard count == 0xffff || start == 0xffff_ffff else { return (count, start) }
    cursor = try ByteCursor(bytes, from: end - 20)
    guard try cursor.unsigned(4) == 0x0706_4b50 else { return (count, start) }
    try cursor.skip(4)
    cursor = try ByteCursor(bytes, from: try cursor.length(8))
    try cursor.skip(32)
    let wideCount = try cursor.length(8)
    guard wideCount <= bytes.count / 46 else {
      throw FileFault("states an impossible number of members", byte: end)
    }
    try cursor.skip(8)
    return (wideCount, try cursor.length(8))
  }

  private static func member(_ cursor: inout ByteCursor) throws(FileFault) -> Member {
    let start = cursor.offset
    guard try cursor.unsigned(4) == 0x0201_4b50 else {
      throw FileFault("has a damaged zip directory", byte: start)
    }
    try cursor.skip(4)
    let flags = try cursor.unsigned(2)
    let method = try cursor.length(2)
    try cursor.skip(4)
    let checksum = try cursor.unsigned(4)
    var packed = try cursor.length(4)
    var size = try cursor.length(4)
    let nameLength = try cursor.length(2)
    let extraLength = try cursor.length(2)
    let comment = try cursor.length(2)
    try cursor.skip(8)
    var header = try cursor.length(4)
    let name = try cursor.text(nameLength)
    let extras = try cursor.range(extraLength)
    var extra = try ByteCursor(cursor.bytes, from: extras.lowerBound, to: extras.upperBound)
    while extra.left >= 4 {
      let kind = try extra.unsigned(2)
      let part = try extra.range(try extra.length(2))
      guard kind == 1 else { continue }
      var wide = try ByteCursor(cursor.bytes, from: part.lowerBound, to: part.upperBound)
      if size == 0xffff_ffff { size = try wide.length(8) }
      if packed == 0xffff_ffff { packed = try wide.length(8) }
      if header == 0xffff_ffff { header = try wide.length(8) }
    }
    try cursor.skip(comment)
    guard flags & 1 == 0 else { throw FileFault("is encrypted (member `\(name)`)", byte: start) }
    return Member(
      name: name, method: method, packed: packed, size: size, checksum: checksum, header: header)
  }
}
