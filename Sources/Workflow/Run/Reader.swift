import Compute
import Dispatch
import Foundation
import Reporting
import Synchronization

/// Fills buffers from a source on its own thread.
///
/// `@unchecked Sendable`: the values that its thread writes (`seconds`, `error`) are read only
/// after it has ended.
final class Reader: @unchecked Sendable {
  let free: BoundedQueue<BatchBuffer>
  let filled: BoundedQueue<BatchBuffer>
  /// Seconds spent in the source.
  private(set) var seconds = 0.0
  private(set) var error: (any Error)?
  private let source: any Source
  private let cancellation: Cancellation
  private let stopped = Atomic<Bool>(false)
  private let ended = DispatchSemaphore(value: 0)

  /// - Parameter slots: number of batches in use at a time.
  init(_ source: any Source, slots: Int, cancellation: Cancellation) {
    self.source = source
    self.cancellation = cancellation
    free = BoundedQueue(capacity: slots)
    filled = BoundedQueue(capacity: slots)
    for _ in 0..<slots { free.push(BatchBuffer(bytes: source.batchBytes)) }
  }

  func start() throws(ThreadError) {
    try Threads.start { [self] in
      do { try fillAll() } catch { self.error = error }
      filled.close()
      ended.signal()
    }
  }

  /// Stops the thread, if necessary early, and waits for it to end.
  func stop() {
    stopped.store(true, ordering: .relaxed)
    free.close()
    ended.wait()
  }

  private var isStopped: Bool { stopped.load(ordering: .relaxed) || cancellation.isCancelled }

  private func fillAll() throws {
    var number = 0
    while !isStopped, let buffer = free.pop() {
      let start = SteadyClock.seconds
      guard try source.fill(buffer, isStopped: { isStopped }) else { return }
      seconds += SteadyClock.seconds - start
      buffer.number = number
      number += 1
      filled.push(buffer)
    }
  }
}
