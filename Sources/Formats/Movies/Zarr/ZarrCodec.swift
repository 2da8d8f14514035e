import Containers

/// How the bytes of a chunk were packed; the names of Zarr.
enum ZarrCodec: String, Sendable {
  case blosc, zstd, gzip, zlib, lz4
  /// A checksum of four bytes at the end.
  case crc32c

  /// Whether Zarr 3 has it; the others are of Zarr 2 only.
  var isOfVersion3: Bool { self != .zlib && self != .lz4 }

  /// Unpacks the stored bytes of a chunk that has `size` bytes. nil if they are damaged.
  static func unpack(_ stored: [UInt8], _ codecs: [ZarrCodec], size: Int) -> [UInt8]? {
    // The size before each step: checksums add to it, and only one step compresses.
    var sizes: [Int] = []
    for codec in codecs {
      sizes.append(size + 4 * sizes.count)
      if codec != .crc32c { break }
    }
    var bytes = stored
    for (step, codec) in codecs.enumerated().reversed() {
      guard codec != .crc32c else {
        guard bytes.count >= 4, CRC32C.isAtEnd(of: bytes) else { return nil }
        bytes.removeLast(4)
        continue
      }
      guard let unpacked = codec.decompress(bytes, size: sizes[step]) else { return nil }
      bytes = unpacked
    }
    return bytes.count == size ? bytes : nil
  }

  private func decompress(_ stored: [UInt8], size: Int) -> [UInt8]? {
    let (method, head): (Decompression, Int) =
      switch self {
      case .blosc: (.blosc, 0)
      case .zstd: (.zstd, 0)
      case .gzip: (.gzip, 0)
      case .zlib, .crc32c: (.zlib, 0)
      // The size comes first.
      case .lz4: (.lz4Block, 4)
      }
    guard stored.count > head else { return nil }
    var isSound = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      stored.withUnsafeBytes { raw in
        isSound = method.decompress(
          UnsafeRawBufferPointer(rebasing: raw[head...]),
          into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: size))
      }
      filled = isSound ? size : 0
    }
    return isSound ? bytes : nil
  }
}

extension CRC32C {
  /// Whether the last four bytes are the checksum of the others.
  static func isAtEnd(of bytes: [UInt8]) -> Bool {
    guard bytes.count >= 4 else { return false }
    let stored = bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return CRC32C.of(bytes.dropLast(4)) == stored || !Checksums.areVerified
  }
}
