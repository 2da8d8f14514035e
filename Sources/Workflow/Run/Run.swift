import Compute
import Dispatch
import Foundation
import Localization
import Reporting
import Synchronization

/// Runs batches from a source through a stage into sinks, in order and in bounded memory.
///
/// ```
///          ┌─ worker ─┐
/// source ──┤          ├── in order ── sinks
///          └─ worker ─┘
/// ```
/// A `Reader` fills batches on one thread, each worker computes on its own thread, and sinks take
/// products on the thread that called `run`. A fixed number of batches and products is reused; none
/// are created in steady state. A worker is a device, or one of a device's queues if transfer and
/// computation overlap. Products are put back in the order of their batches, so outputs do not
/// depend on the number and speed of the workers.
///
/// A batch with more entries than the capacity is computed again. So is a batch whose device
/// failed: the work of that device moves to the spare, and one note says why.
///
/// `@unchecked Sendable`: threads share only state that `lock` guards or that never changes; all
/// other state belongs to the thread that calls `run`.
package final class Run<Product: AnyObject & Sendable>: @unchecked Sendable {
  /// Items per batch.
  package let batch: Int
  private let stage: any Stage<Product>
  private let items: Int
  private let unit: RunProgress.Unit
  private let profiling: Bool
  private let observer: any Observer
  private let cancellation: Cancellation
  private let seats: [Seat]
  private let free: BoundedQueue<Product>
  private let landed: OrderedQueue<Landed>
  private let failing = Atomic<Bool>(false)

  /// Guards the properties below.
  private let lock = NSLock()
  private var room: Int
  private var computed = 0
  private var found: Int?
  private var seconds = 0.0
  private var working: Int
  private var failure: (any Error)?
  private var plans = PlanRecord()

  /// The number of items that each sink has taken, from the first item.
  package private(set) var safe: [Int] = []

  /// The state of one worker.
  ///
  /// `@unchecked Sendable`: the run's lock guards `fallback` and `part`; all other state belongs to
  /// its thread.
  private final class Seat: @unchecked Sendable {
    /// The state that all seats of a device share.
    let fallback: Fallback
    var worker: (any Worker<Product>)?
    /// The device of the worker.
    var device: any Device
    /// The completed items of the current batch.
    var part = 0

    init(_ fallback: Fallback) {
      self.fallback = fallback
      device = fallback.device
    }
  }

  private struct Landed {
    let product: Product
    let items: Range<Int>
  }

  /// The result of a run, with its times.
  package struct Summary: Sendable {
    /// The number of items that every sink has taken.
    package var items = 0
    /// Whether it was cancelled before the end.
    package var interrupted = false
    package var seconds = 0.0
    /// Seconds in each stage; stages overlap.
    package var reading = 0.0
    package var computing = 0.0
    package var writing = 0.0
  }

  /// - Parameters:
  ///   - devices: each gets the number of workers that the stage requests; the first one determines
  ///     a `batch` that is nil.
  ///   - spare: the device that takes over if a device fails.
  ///   - items: the total number of items.
  ///   - batch: items per batch; nil lets the stage choose.
  ///   - room: initial capacity, in entries per frame; the plan grows if there are more.
  ///   - ahead: products that may wait for the sinks while all workers compute.
  package init(
    _ stage: any Stage<Product>, on devices: [any Device], spare: any Device = CPUDevice(),
    items: Int, batch: Int? = nil, room: Int = 64, ahead: Int = 2,
    unit: RunProgress.Unit = .frames, profiling: Bool = false, observer: any Observer,
    cancellation: Cancellation
  ) throws {
    precondition(!devices.isEmpty, "a run needs a device")
    self.stage = stage
    self.items = items
    self.room = room
    self.unit = unit
    self.profiling = profiling
    self.observer = observer
    self.cancellation = cancellation
    seats = devices.flatMap { device in
      let fallback = Fallback(from: device, to: spare) { observer.note(Message($0)) }
      return (0..<max(stage.workers(on: device.info), 1)).map { _ in Seat(fallback) }
    }
    working = seats.count
    let first = seats[0]
    let worker = try first.fallback.perform {
      try stage.worker(
        on: $0, batch: batch, items: items, profiling: profiling, cancellation: cancellation)
    }
    first.worker = worker
    first.device = first.fallback.device
    self.batch = worker.batch
    free = BoundedQueue(capacity: seats.count + ahead)
    landed = OrderedQueue(capacity: seats.count + ahead)
    for _ in 0..<seats.count + ahead { free.push(stage.product()) }
  }

  /// Batches in use at a time: one per worker, one being filled, one waiting.
  package var slots: Int { seats.count + 2 }

  /// A description of the devices in use.
  package var deviceName: String {
    lock.withLock {
      var names: [String] = []
      for seat in seats where !names.contains(seat.fallback.device.info.title) {
        names.append(seat.fallback.device.info.title)
      }
      return names.joined(separator: " and ")
    }
  }

  /// Plans and times of all workers; complete after the run has ended.
  package var record: PlanRecord { lock.withLock { plans } }

  /// Does the whole run. Call it once.
  ///
  /// If cancelled, returns early with `interrupted` set. Rethrows errors of source, workers and
  /// sinks; `safe` then states how far each sink is complete.
  package func run(
    from source: any Source, into sinks: [any Sink<Product>]
  ) throws -> Summary {
    let reader = Reader(source, slots: slots, cancellation: cancellation)
    return try cancellation.watch {
      var summary = Summary()
      let start = SteadyClock.seconds
      safe = sinks.map { _ in 0 }
      observer.progress(RunProgress(0, of: source.count, unit))
      try reader.start()
      let workers = DispatchGroup()
      for seat in seats {
        workers.enter()
        do {
          try Threads.start { [self] in
            work(at: seat, reader, of: source)
            workers.leave()
          }
        } catch {
          end(at: seat, reader, after: error)
          workers.leave()
        }
      }
      let result = Result { try deliver(to: sinks, &summary) }
      if case .failure = result { fail(reader) }
      workers.wait()
      reader.stop()
      try result.get()
      if let failure { throw failure }
      if let error = reader.error { throw error }
      summary.interrupted = cancellation.isCancelled && summary.items < source.count
      summary.seconds = SteadyClock.seconds - start
      (summary.reading, summary.computing) = (reader.seconds, seconds)
      return summary
    }
  }

  /// Passes products to the sinks, in order, until the end.
  private func deliver(to sinks: [any Sink<Product>], _ summary: inout Summary) throws {
    while let next = landed.pop() {
      let start = SteadyClock.seconds
      for index in sinks.indices {
        try sinks[index].take(next.product, of: next.items)
        safe[index] += next.items.count
      }
      summary.items += next.items.count
      summary.writing += SteadyClock.seconds - start
      free.push(next.product)
    }
  }

  /// A worker's thread.
  private func work(at seat: Seat, _ reader: Reader, of source: any Source) {
    var isDone = false
    do {
      // Takes the product first, so that the worker with the earliest batch never waits for one.
      while let product = free.pop() {
        guard let buffer = reader.filled.pop() else {
          isDone = true
          break
        }
        guard !failing.load(ordering: .relaxed) else { break }
        try cancellation.check()
        try compute(buffer, into: product, at: seat, of: source)
        let (items, number) = (buffer.items, buffer.number)
        reader.free.push(buffer)
        landed.push(Landed(product: product, items: items), at: number)
      }
    } catch {
      return end(at: seat, reader, after: error)
    }
    end(at: seat, reader, isDone: isDone)
  }

  /// What a worker does last, or the run for a worker that could not start.
  private func end(
    at seat: Seat, _ reader: Reader, isDone: Bool = false, after error: (any Error)? = nil
  ) {
    // No other worker may wait for the result of this one.
    if isDone { free.close() } else { fail(reader) }
    lock.withLock {
      if let error, !(error is Interrupted) { failure = failure ?? error }
      finish(seat)
      working -= 1
      if working == 0 { landed.close() }
    }
  }

  /// Makes all threads end after their current batches.
  private func fail(_ reader: Reader) {
    failing.store(true, ordering: .relaxed)
    free.close()
    reader.filled.close()
  }

  /// Computes a batch, and repeats it with more capacity or on the spare if necessary.
  private func compute(
    _ buffer: BatchBuffer, into product: Product, at seat: Seat, of source: any Source
  ) throws {
    while true {
      let room = lock.withLock { self.room }
      do {
        let worker = try worker(at: seat)
        let start = SteadyClock.seconds
        let result = try worker.compute(buffer.batch, room: room, into: product) { part in
          try cancellation.check()
          lock.withLock {
            seat.part = Int(part * Double(buffer.items.count))
            tellProgress(of: source)
          }
        }
        lock.lock()
        defer { lock.unlock() }
        seconds += SteadyClock.seconds - start
        seat.part = 0
        switch result {
        case .all(let rows):
          computed += buffer.items.count
          if let rows { found = (found ?? 0) + rows }
          tellProgress(of: source)
          return
        case .needs(let entries):
          self.room = max(self.room, 2 * room, entries * 5 / 4 + 1)
        }
      } catch {
        try lock.withLock {
          finish(seat)
          try seat.fallback.leave(seat.device.info, after: error)
        }
      }
    }
  }

  /// The worker of the seat; a new one at the start and after its device failed.
  private func worker(at seat: Seat) throws -> any Worker<Product> {
    if let worker = seat.worker { return worker }
    seat.device = lock.withLock { seat.fallback.device }
    let worker = try stage.worker(
      on: seat.device, batch: batch, items: items, profiling: profiling,
      cancellation: cancellation)
    seat.worker = worker
    return worker
  }

  /// Under the lock: releases a worker and keeps its record.
  private func finish(_ seat: Seat) {
    if let worker = seat.worker { plans.add(worker.finish()) }
    seat.worker = nil
  }

  /// Under the lock, so that the reported progress never decreases.
  private func tellProgress(of source: any Source) {
    let parts = seats.reduce(0) { $0 + $1.part }
    observer.progress(RunProgress(computed + parts, of: source.count, unit, found: found))
  }
}
