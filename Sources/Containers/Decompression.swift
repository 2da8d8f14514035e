import CBlosc
import CLZ4
import CZlib
import CZstd

/// Compressed blocks of a known size, as chunked image formats store them.
///
/// The caller knows how many bytes a block holds, so that a hostile block can neither take more
/// memory nor leave bytes unset.
package enum Decompression: Hashable, Sendable {
  case zlib, gzip, zstd, blosc
  /// A raw LZ4 block without a frame.
  case lz4Block

  /// Writes exactly `target.count` bytes. Returns whether the block is sound and has that size.
  package func decompress(
    _ block: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard let from = block.baseAddress, let to = target.baseAddress else {
      return block.isEmpty && target.isEmpty
    }
    switch self {
    case .zlib, .gzip: return glint_inflate_whole(from, block.count, to, target.count) == 1
    case .zstd: return ZSTD_decompress(to, target.count, from, block.count) == target.count
    case .blosc:
      var bytes = 0
      guard blosc_cbuffer_validate(from, block.count, &bytes) == 0, bytes == target.count else {
        return false
      }
      return blosc_decompress_ctx(from, to, target.count, 1) == Int32(exactly: target.count)
    case .lz4Block:
      guard let size = Int32(exactly: block.count), let room = Int32(exactly: target.count) else {
        return false
      }
      return LZ4_decompress_safe(from, to, size, room) == room
    }
  }

  /// The contents of zlib data of unknown size; nil if they are damaged or larger than `limit`.
  package static func inflated(_ block: [UInt8], atMost limit: Int) -> [UInt8]? {
    // Deflate compresses by at most 1032 to 1, so a small block never takes much memory.
    let largest = min(limit, block.count.multipliedReportingOverflow(by: 1040).partialValue)
    var size = min(largest, 16 * block.count)
    while true {
      let result = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, filled in
        filled = glint_inflate_start(block, block.count, buffer.baseAddress, size + 1)
      }
      if result.count <= size { return result.isEmpty ? nil : result }
      guard size < largest else { return nil }
      size = min(largest, 4 * size)
    }
  }
}
