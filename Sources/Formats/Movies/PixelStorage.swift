import Microscopy

/// The number type of a pixel in a file.
enum Sample: String, CaseIterable, Sendable {
  case uint8, int8, uint16, int16, uint32, int32, float32, float64

  var bytes: Int {
    switch self {
    case .uint8, .int8: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .float64: 8
    }
  }

  /// The type that `Movie.read` delivers: unsigned integers of up to 16 bits unchanged, others as
  /// float.
  var delivered: PixelType { self == .uint8 || self == .uint16 ? .uint16 : .float32 }
}

/// How pixels are stored in a file: number type and byte order.
struct PixelStorage: Hashable, Sendable {
  var sample: Sample
  var bigEndian: Bool

  /// nil for single bytes.
  var byteOrder: ByteOrder? {
    sample.bytes == 1 ? nil : bigEndian ? .bigEndian : .littleEndian
  }

  var description: String {
    sample.bytes == 1
      ? sample.rawValue : "\(sample.rawValue) \(bigEndian ? "big" : "little")-endian"
  }

  /// Reads `count` pixels at `offset` directly into `target`, in the delivered type.
  ///
  /// Stored numbers that are narrower than delivered ones are read into the end of `target` and
  /// widened from its start, so nothing is allocated; only float64 needs a buffer of its own.
  func read(
    _ count: Int, at offset: Int, of file: FileBytes, into target: UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    guard sample == .float64 else {
      try file.read(at: offset, into: Self.tail(of: target, sample, count))
      return deliver(count, in: target, swapped: bigEndian != Self.hostIsBigEndian)
    }
    var bytes = [Double](repeating: 0, count: min(count, 8192))
    for start in stride(from: 0, to: count, by: bytes.count) {
      let part = min(bytes.count, count - start)
      try bytes.withUnsafeMutableBufferPointer { buffer throws(MovieError) in
        let raw = UnsafeMutableRawBufferPointer(buffer)
        try file.read(
          at: offset + start * 8, into: UnsafeMutableRawBufferPointer(rebasing: raw[..<(part * 8)]))
      }
      bytes.withUnsafeBytes {
        narrow(UnsafeRawBufferPointer(rebasing: $0[..<(part * 8)]), into: target, from: start)
      }
    }
  }

  /// Converts stored float64 numbers into delivered ones, the first of which is number `start`.
  func narrow(
    _ stored: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, from start: Int
  ) {
    for i in 0..<stored.count / 8 {
      let bits = stored.loadUnaligned(fromByteOffset: i * 8, as: UInt64.self)
      let value = Double(
        bitPattern: bigEndian ? UInt64(bigEndian: bits) : UInt64(littleEndian: bits))
      target.storeBytes(of: Float(value), toByteOffset: (start + i) * 4, as: Float.self)
    }
  }

  /// The end of a frame's buffer, which holds the stored numbers of `count` pixels before widening.
  static func tail(
    of target: UnsafeMutableRawBufferPointer, _ sample: Sample, _ count: Int
  ) -> UnsafeMutableRawBufferPointer {
    let delivered = count * sample.delivered.bytes
    return UnsafeMutableRawBufferPointer(
      rebasing: target[(delivered - count * sample.bytes)..<delivered])
  }

  /// Converts stored numbers at the end of `target` into delivered ones, from its start.
  func deliver(_ count: Int, in target: UnsafeMutableRawBufferPointer, swapped: Bool) {
    let at = target.baseAddress!
    switch sample {
    case .uint16 where !swapped, .float32 where !swapped, .float64: return
    case .uint8: convert(UInt8.self, count, at) { UInt16($0) }
    case .int8: convert(Int8.self, count, at) { Float($0) }
    case .uint16: convert(UInt16.self, count, at) { $0.byteSwapped }
    case .int16: convert(Int16.self, count, at) { Float(swapped ? $0.byteSwapped : $0) }
    case .uint32: convert(UInt32.self, count, at) { Float(swapped ? $0.byteSwapped : $0) }
    case .int32: convert(Int32.self, count, at) { Float(swapped ? $0.byteSwapped : $0) }
    case .float32: convert(UInt32.self, count, at) { $0.byteSwapped }
    }
  }

  /// Element i is written at or before the position where element i + 1 is read, so this is safe in
  /// place.
  @inline(__always)
  private func convert<Stored, Delivered>(
    _: Stored.Type, _ count: Int, _ target: UnsafeMutableRawPointer,
    _ value: (Stored) -> Delivered
  ) {
    let stored = MemoryLayout<Stored>.size
    let delivered = MemoryLayout<Delivered>.size
    let source = target + count * (delivered - stored)
    for i in 0..<count {
      let number = source.loadUnaligned(fromByteOffset: i * stored, as: Stored.self)
      target.storeBytes(of: value(number), toByteOffset: i * delivered, as: Delivered.self)
    }
  }

  static let hostIsBigEndian = 1.bigEndian == 1
}
