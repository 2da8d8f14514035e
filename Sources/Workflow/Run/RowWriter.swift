import Compute
import Dispatch
import Formats
import Foundation
import Microscopy

/// The rows of some frames, on their way from the run to the writer and back.
final class RowBatch: @unchecked Sendable {
  var table: Localizations
  /// Frames of the run that are complete once these rows are written.
  var framesDone = 0

  init(_ table: Localizations) { self.table = table }
}

/// Writes batches of rows on a thread of its own.
final class RowWriter: @unchecked Sendable {
  let free: BoundedQueue<RowBatch>
  private let full: BoundedQueue<RowBatch>
  private let writers: [any TableWriter]
  private let done = DispatchSemaphore(value: 0)
  private let lock = NSLock()
  private var safe: [Int]
  private var failure: (any Error)?
  /// Seconds spent writing.
  private(set) var seconds = 0.0

  init(_ writers: [any TableWriter], empty: Localizations, slots: Int) {
    self.writers = writers
    safe = writers.map { _ in 0 }
    free = BoundedQueue(capacity: slots)
    full = BoundedQueue(capacity: slots)
    for _ in 0..<slots { free.push(RowBatch(empty)) }
    Thread.detachNewThread { [self] in
      writeAll()
      done.signal()
    }
  }

  /// Frames whose rows each writer has.
  var framesSafe: [Int] { lock.withLock { safe } }

  /// Why writing stopped, if it did.
  var error: (any Error)? { lock.withLock { failure } }

  /// Hands rows over; false when writing has failed.
  func push(_ rows: RowBatch) -> Bool { full.push(rows) }

  /// Waits until everything handed over is written.
  func drain() {
    full.close()
    done.wait()
  }

  private func writeAll() {
    while let rows = full.pop() {
      let start = SteadyClock.seconds
      do {
        for index in writers.indices {
          try writers[index].append(rows.table)
          lock.withLock { safe[index] = rows.framesDone }
        }
      } catch {
        lock.withLock { failure = error }
        full.close()
        free.close()
        return
      }
      seconds += SteadyClock.seconds - start
      rows.table.removeAllRows()
      free.push(rows)
    }
  }
}
