import Foundation
import Localization

/// Where the batches of a run come from: frames of a movie, crops cut from it, simulated examples.
///
/// A run calls `fill` on a thread of its own, ahead of the workers.
package protocol Source: AnyObject, Sendable {
  /// How many items there are in all. A movie that grows tells how many there are now. Asked for on any
  /// thread.
  var count: Int { get }

  /// Bytes of the largest batch, neighbours included.
  var batchBytes: Int { get }

  /// Puts the next batch into `buffer`, which may hold an old one; returns false at the end.
  ///
  /// A source whose items are still to come waits for them here.
  ///
  /// - Parameter isStopped: whether nobody wants more; a source that waits looks at it and gives up.
  func fill(_ buffer: BatchBuffer, isStopped: () -> Bool) throws -> Bool
}

/// Memory for a batch, which goes round between a source and the workers.
///
/// Not checked by the compiler, because one thread has it at a time: queues hand it over.
package final class BatchBuffer: @unchecked Sendable {
  package let bytes: UnsafeMutableRawBufferPointer
  /// Numbers of the items that the batch answers for.
  package private(set) var items = 0..<0
  /// Which batch of the run it is, from 0.
  var number = 0
  private var shape = BatchShape(leading: 0, frames: 0, trailing: 0)
  private var filled = 0

  package init(bytes count: Int) {
    bytes = .allocate(byteCount: count, alignment: 4096)
  }

  deinit { bytes.deallocate() }

  /// Says what the buffer holds from now on.
  ///
  /// - Parameters:
  ///   - whole: the items with their neighbours.
  ///   - itemBytes: bytes of one of them.
  package func hold(_ items: Range<Int>, of whole: Range<Int>, itemBytes: Int) {
    self.items = items
    shape = BatchShape(
      leading: items.lowerBound - whole.lowerBound, frames: items.count,
      trailing: whole.upperBound - items.upperBound)
    filled = whole.count * itemBytes
  }

  /// What it holds.
  package var batch: Batch {
    Batch(UnsafeRawBufferPointer(rebasing: bytes[..<filled]), shape, first: items.lowerBound)
  }
}
