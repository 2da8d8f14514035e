/// Reads a part of a file forward, in blocks, so that a list of any length takes little memory.
struct ForwardBytes {
  private let file: FileBytes
  private let end: Int
  private var block: [UInt8] = []
  /// Position of `block` in the file.
  private var start = 0
  /// Position of the next byte in the file.
  private(set) var position: Int

  private static let blockBytes = 1 << 20

  /// The bytes of `file` from `position` up to `end`, or up to the end of the file.
  init(_ file: FileBytes, from position: Int, to end: Int) {
    self.file = file
    self.position = max(0, position)
    self.end = min(end, file.size)
  }

  var left: Int { max(0, end - position) }

  /// The next `count` bytes, at most a megabyte; fewer at the end. The position does not move.
  mutating func peek(_ count: Int) throws(MovieError) -> ArraySlice<UInt8> {
    let count = min(count, left, Self.blockBytes)
    if position < start || position - start + count > block.count {
      block = try file.bytes(at: position, count: min(left, Self.blockBytes))
      start = position
    }
    let from = position - start
    return block[from..<min(from + count, block.count)]
  }

  mutating func skip(_ count: Int) { position += min(count, left) }
}

extension ArraySlice<UInt8> {
  /// The little-endian number `offset` bytes after the first one; nil outside the slice.
  func little<T: FixedWidthInteger>(_: T.Type, at offset: Int) -> T? {
    let size = MemoryLayout<T>.size
    guard offset >= 0, count >= size, offset <= count - size else { return nil }
    return T(
      littleEndian: withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) })
  }

  /// The same for a floating-point number.
  func double(at offset: Int) -> Double? {
    little(UInt64.self, at: offset).map(Double.init(bitPattern:))
  }
}
