import Foundation

/// A page-aligned block of zeros, freed with its last reference.
///
/// The system hands out the pages as they are first touched, so room that stays unused costs nothing.
final class HostMemory {
  let bytes: UnsafeMutableRawBufferPointer
  private let block: UnsafeMutableRawPointer

  /// Throws `DeviceError.memory` where the system does not give that much.
  init(_ count: Int, for device: String) throws(DeviceError) {
    let (room, overflow) = count.addingReportingOverflow(Self.page)
    guard !overflow, let block = calloc(1, room) else {
      throw .memory(needed: count, available: nil, device: device)
    }
    self.block = block
    bytes = UnsafeMutableRawBufferPointer(
      start: block.alignedUp(toMultipleOf: Self.page), count: count)
    #if os(Linux)
      // Tensors are read in rows that lie far apart: with pages of 4 KiB each tile would need more
      // of them than the processor remembers.
      madvise(bytes.baseAddress, count, MADV_HUGEPAGE)
    #endif
  }

  deinit { free(block) }

  private static let page = 4096
}

extension UnsafeMutableRawPointer {
  fileprivate func alignedUp(toMultipleOf alignment: Int) -> UnsafeMutableRawPointer {
    self + (alignment - Int(bitPattern: self) % alignment) % alignment
  }
}
