import Foundation

/// An aligned block of zeros, freed with its last reference.
///
/// The system assigns pages when they are first touched, so unused room costs no memory.
final class HostMemory {
  let start: UnsafeMutableRawPointer
  private let count: Int
  private let block: UnsafeMutableRawPointer

  var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: start, count: count)
  }

  /// Throws `DeviceError.memory` if the system cannot provide that much.
  init(_ count: Int, for device: String) throws(DeviceError) {
    let alignment = count < Self.page ? 64 : Self.page
    let (room, overflow) = max(count, 1).addingReportingOverflow(alignment)
    guard !overflow, let block = calloc(1, room) else {
      throw .memory(needed: count, available: nil, device: device)
    }
    self.block = block
    self.count = count
    start = block.alignedUp(toMultipleOf: alignment)
    #if os(Linux)
      // Rows of a tensor lie far apart: with pages of 4 KiB, one tile would need more pages than
      // the processor's translation cache holds.
      if count >= Self.page { madvise(start, count, MADV_HUGEPAGE) }
    #endif
  }

  /// A copy of a tensor.
  convenience init(_ tensor: Tensor, for device: String) throws(DeviceError) {
    try self.init(tensor.bytes.count, for: device)
    bytes.copyBytes(from: tensor.bytes)
  }

  deinit { free(block) }

  private static let page = 4096
}

extension UnsafeMutableRawPointer {
  fileprivate func alignedUp(toMultipleOf alignment: Int) -> UnsafeMutableRawPointer {
    self + (alignment - Int(bitPattern: self) % alignment) % alignment
  }
}
