import Foundation

/// Variable-length texts of an HDF5 file, read without the library.
///
/// libhdf5 1.10 trusts the global heap, where such texts lie: one flipped bit there ends the process.
/// Layout: HDF5 File Format Specification 3.0, III.E (global heap) and IV.A.2.m (attribute message).
struct H5RawText {
  private let descriptor: Int32
  private let fileBytes: Int

  /// Longer texts are not metadata.
  private static let longest = 64 << 20
  /// Metadata behind so many bytes are not looked for.
  private static let farthest = 256 << 20

  private init?(path: String) {
    descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    fileBytes = Int(lseek(descriptor, 0, SEEK_END))
  }

  /// The text that the 16 bytes at `offset` point to; nil where they point nowhere.
  static func text(at offset: Int, of path: String) -> String? {
    guard let file = H5RawText(path: path) else { return nil }
    defer { close(file.descriptor) }
    return file.bytes(offset, 16).flatMap(file.text)
  }

  /// The text of an attribute, whose message is looked for from the file's beginning, a megabyte at a
  /// time: the metadata that were written before the data come first.
  static func attribute(_ name: String, of path: String) -> String? {
    guard let file = H5RawText(path: path) else { return nil }
    defer { close(file.descriptor) }
    let (step, overlap) = (1 << 20, 4096)
    for start in stride(from: 0, to: min(file.fileBytes, Self.farthest), by: step) {
      guard let part = file.bytes(start, min(file.fileBytes - start, step + overlap)) else {
        return nil
      }
      if let text = file.attribute(name, in: Data(part)) { return text }
    }
    return nil
  }

  private func attribute(_ name: String, in part: Data) -> String? {
    let pattern = Data(name.utf8) + [0]
    var from = 0
    while let range = part.range(of: pattern, in: from..<part.count) {
      if let place = Self.dataPlace(of: range, in: part), place + 16 <= part.count,
        let text = text(Array(part[place..<place + 16]))
      {
        return text
      }
      from = range.upperBound
    }
    return nil
  }

  /// Where the data of the attribute message around a name begin.
  private static func dataPlace(of name: Range<Int>, in head: Data) -> Int? {
    for (version, prefix) in [(1, 8), (2, 8), (3, 9)] {
      let start = name.lowerBound - prefix
      guard start >= 0, head[start] == version else { continue }
      let sizes = (0..<3).map { head.number(start + 2 + 2 * $0, bytes: 2) }
      guard sizes[0] == name.count else { continue }
      // Version 1 pads each part to eight bytes.
      let parts = version == 1 ? sizes.map { ($0 + 7) / 8 * 8 } : sizes
      return name.lowerBound + parts.reduce(0, +)
    }
    return nil
  }

  /// A descriptor is the length, the address of a heap collection, and the number of an object in it.
  private func text(_ descriptor: [UInt8]) -> String? {
    let data = Data(descriptor)
    let length = data.number(0, bytes: 4)
    let (collection, wanted) = (data.number(4, bytes: 8), data.number(12, bytes: 4))
    guard length <= Self.longest, let head = bytes(collection, 16),
      head.prefix(4) == Array("GCOL".utf8)[...]
    else { return nil }
    let end = collection + min(Data(head).number(8, bytes: 8), fileBytes)
    var place = collection + 16
    while place < end, let object = bytes(place, 16) {
      let (index, size) = (Data(object).number(0, bytes: 2), Data(object).number(8, bytes: 8))
      guard index != 0, size < fileBytes else { return nil }
      if index == wanted {
        guard length <= size, let text = bytes(place + 16, length) else { return nil }
        return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
      }
      place += 16 + (size + 7) / 8 * 8
    }
    return nil
  }

  private func bytes(_ offset: Int, _ count: Int) -> [UInt8]? {
    guard offset >= 0, offset <= fileBytes, count <= fileBytes - offset else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = count == 0 ? 0 : max(0, pread(descriptor, buffer.baseAddress!, count, off_t(offset)))
    }
    return bytes.count == count ? bytes : nil
  }
}

extension Data {
  /// A little-endian number; one too large for Int is the largest.
  fileprivate func number(_ offset: Int, bytes: Int) -> Int {
    let value = (0..<bytes).reduce(UInt64(0)) {
      $0 | UInt64(self[startIndex + offset + $1]) << (8 * $1)
    }
    return Int(clamping: value)
  }
}
