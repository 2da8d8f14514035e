/// The bytes of an HDF5 file, accessed by the file's addresses.
final class HDF5Storage {
  private let source: ByteSource
  /// The origin of addresses: other bytes may precede the HDF5 data.
  private let base: Int
  /// Whether checksums are verified.
  private let verifies: Bool
  /// Remaining bytes of structures that may be read, so that a small file cannot keep the reader
  /// busy.
  private var structures: Allowance
  /// Remaining bytes that the file's data may expand to.
  private var contents: Allowance
  /// The headers that were read last, by address.
  private var headers: [Int: HDF5Object] = [:]

  init(_ source: ByteSource, base: Int, verifies: Bool) {
    self.source = source
    self.base = base
    self.verifies = verifies
    structures = Allowance(file: source.count)
    contents = Allowance(file: source.count)
  }

  /// Number of addressable bytes.
  var size: Int { source.count - base }

  /// The position in the file of an address.
  func position(of address: Int) -> Int { base + address }

  /// Counts bytes that will be produced from the file's data.
  func allow(_ bytes: Int) throws(FileFault) { try contents.take(bytes) }

  /// Counts bytes of a structure that are copied again: several names may share their bytes.
  func count(_ bytes: Int) throws(FileFault) { try structures.take(bytes) }

  /// `count` bytes of a structure at an address.
  func cursor(at address: Int, _ count: Int) throws(FileFault) -> ByteCursor {
    // Reading costs more than the bytes alone.
    try structures.take(max(0, min(count, size)) + 64)
    try check(address)
    return try ByteCursor(
      try source.bytes(at: base + address, count: count), origin: base + address)
  }

  /// A structure of `count` bytes that starts with a signature; the cursor is behind the signature.
  /// If `checked`, the last four bytes are the checksum of the others.
  func structure(
    _ signature: String, at address: Int, _ count: Int, checked: Bool = false
  ) throws(FileFault) -> ByteCursor {
    var cursor = try cursor(at: address, count)
    try expect(signature, &cursor)
    if checked { try verify(cursor, upTo: count - 4) }
    return cursor
  }

  func expect(_ signature: String, _ cursor: inout ByteCursor) throws(FileFault) {
    let at = cursor.position
    guard try cursor.take(4).elementsEqual(signature.utf8) else {
      throw FileFault("has no \(signature) structure where it should be", byte: at)
    }
  }

  /// Compares the four bytes at `end` of the cursor's bytes with the checksum of those before.
  func verify(_ cursor: ByteCursor, upTo end: Int) throws(FileFault) {
    var stored = try ByteCursor(cursor.bytes, from: end)
    let sum = try stored.unsigned(4)
    guard
      !verifies || !Checksums.areVerified
        || HDF5Checksum.lookup3(cursor.bytes[..<end]) == UInt32(sum)
    else {
      throw FileFault(
        "has a damaged structure: its checksum does not match",
        byte: cursor.position - cursor.offset)
    }
  }

  /// Data at an address.
  func read(at address: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileFault) {
    try check(address)
    try source.read(at: base + address, into: buffer)
  }

  func bytes(at address: Int, _ count: Int) throws(FileFault) -> [UInt8] {
    try check(address)
    return try source.bytes(at: base + address, count: count)
  }

  private func check(_ address: Int) throws(FileFault) {
    guard address >= 0, address <= size else {
      throw FileFault("points outside of the file", byte: address)
    }
  }

  /// The object with its header at an address.
  func object(at address: Int) throws(FileFault) -> HDF5Object {
    if let object = headers[address] { return object }
    let object = try HDF5Object(self, at: address)
    if headers.count > 256 { headers.removeAll() }
    headers[address] = object
    return object
  }
}

extension ByteCursor {
  /// An address; nil for the undefined address.
  mutating func address() throws(FileFault) -> Int? {
    let at = position
    let value = try unsigned(8)
    if value == .max { return nil }
    guard let address = Int(exactly: value) else {
      throw FileFault("has an impossible address", byte: at)
    }
    return address
  }
}

/// The checksums of HDF5.
enum HDF5Checksum {
  /// Bob Jenkins' lookup3 with initial value 0, used for the structures of newer files.
  static func lookup3(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var a = 0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count)
    var (b, c) = (a, a)
    guard !bytes.isEmpty else { return c }
    func rotated(_ x: UInt32, _ k: UInt32) -> UInt32 { x << k | x >> (32 - k) }
    bytes.withUnsafeBytes { raw in
      /// Up to four bytes starting at `place`, little-endian.
      func word(_ place: Int) -> UInt32 {
        var value: UInt32 = 0
        for k in 0..<max(0, min(4, raw.count - place)) {
          value |= UInt32(raw[place + k]) << (8 * UInt32(k))
        }
        return value
      }
      var place = 0
      while raw.count - place > 12 {
        a &+= word(place)
        b &+= word(place + 4)
        c &+= word(place + 8)
        a = (a &- c) ^ rotated(c, 4)
        c &+= b
        b = (b &- a) ^ rotated(a, 6)
        a &+= c
        c = (c &- b) ^ rotated(b, 8)
        b &+= a
        a = (a &- c) ^ rotated(c, 16)
        c &+= b
        b = (b &- a) ^ rotated(a, 19)
        a &+= c
        c = (c &- b) ^ rotated(b, 4)
        b &+= a
        place += 12
      }
      a &+= word(place)
      b &+= word(place + 4)
      c &+= word(place + 8)
    }
    c = (c ^ b) &- rotated(b, 14)
    a = (a ^ c) &- rotated(c, 11)
    b = (b ^ a) &- rotated(a, 25)
    c = (c ^ b) &- rotated(b, 16)
    a = (a ^ c) &- rotated(c, 4)
    b = (b ^ a) &- rotated(a, 14)
    c = (c ^ b) &- rotated(b, 24)
    return c
  }

  /// Fletcher's checksum of big-endian 16-bit words, which the filter of that name appends to a
  /// chunk.
  static func fletcher32(_ raw: UnsafeRawBufferPointer) -> UInt32 {
    var (first, second): (UInt32, UInt32) = (0, 0)
    func folded(_ sum: UInt32) -> UInt32 { sum & 0xffff &+ sum >> 16 }
    var place = 0
    while place + 1 < raw.count {
      let end = min(raw.count - 1, place + 720)
      while place < end {
        first &+= UInt32(raw[place]) << 8 | UInt32(raw[place + 1])
        second &+= first
        place += 2
      }
      (first, second) = (folded(first), folded(second))
    }
    if place < raw.count {
      first &+= UInt32(raw[place]) << 8
      second &+= first
      (first, second) = (folded(first), folded(second))
    }
    return folded(second) << 16 | folded(first)
  }
}
