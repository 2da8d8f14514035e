import Foundation
import Localization

/// A source of batches for a run: frames of a movie, crops from it, or simulated examples.
///
/// A run calls `fill` on a separate thread, ahead of the workers.
package protocol Source: AnyObject, Sendable {
  /// The total number of items; for a growing movie, the current number. Called on any thread.
  var count: Int { get }

  /// Bytes of the largest batch, neighbours included.
  var batchBytes: Int { get }

  /// Writes the next batch into `buffer`, which may hold an old one; returns false at the end.
  ///
  /// A source whose items are not yet available waits for them here.
  ///
  /// - Parameter isStopped: whether no more batches are needed; a waiting source checks it and
  ///   stops.
  func fill(_ buffer: BatchBuffer, isStopped: () -> Bool) throws -> Bool
}

/// Memory for a batch, reused between a source and the workers.
///
/// `@unchecked Sendable`: only one thread uses it at a time; queues pass it on.
package final class BatchBuffer: @unchecked Sendable {
  package let bytes: UnsafeMutableRawBufferPointer
  /// Numbers of the items for which the batch gives results.
  package private(set) var items = 0..<0
  /// The index of the batch in the run, from 0.
  var number = 0
  private var shape = BatchShape(leading: 0, frames: 0, trailing: 0)
  private var filled = 0

  package init(bytes count: Int) {
    bytes = .allocate(byteCount: count, alignment: 4096)
  }

  deinit { bytes.deallocate() }

  /// Sets the description of the buffer's content.
  ///
  /// - Parameters:
  ///   - whole: the items including neighbours.
  ///   - itemBytes: bytes per item.
  package func hold(_ items: Range<Int>, of whole: Range<Int>, itemBytes: Int) {
    self.items = items
    shape = BatchShape(
      leading: items.lowerBound - whole.lowerBound, frames: items.count,
      trailing: whole.upperBound - items.upperBound)
    filled = whole.count * itemBytes
  }

  /// The content of the buffer.
  package var batch: Batch {
    Batch(UnsafeRawBufferPointer(rebasing: bytes[..<filled]), shape, first: items.lowerBound)
  }
}
