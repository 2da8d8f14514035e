import Synchronization

/// A request to stop, which long work checks at intervals.
///
/// `cancel()` may be called from any thread and from a signal handler.
public final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)
  private let number = Atomic<Int32>(0)
  private let watchers = Atomic<Int>(0)

  public init() {}

  /// - Parameter signal: the signal that asked for it, if one did; only the first one counts.
  public func cancel(signal: Int32 = 0) {
    _ = number.compareExchange(expected: 0, desired: signal, ordering: .relaxed)
    flag.store(true, ordering: .relaxed)
  }

  /// The signal that asked to stop; 0 if none did.
  public var signal: Int32 { number.load(ordering: .relaxed) }

  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Whether some work is checking it. If none is, a signal handler can end the program at once.
  public var isWatched: Bool { watchers.load(ordering: .relaxed) > 0 }

  /// Runs work that checks this request at intervals.
  public func watch<Result>(_ work: () throws -> Result) rethrows -> Result {
    watchers.add(1, ordering: .relaxed)
    defer { watchers.subtract(1, ordering: .relaxed) }
    return try work()
  }

  /// Throws `Interrupted` if a stop was requested.
  public func check() throws(Interrupted) {
    if isCancelled { throw Interrupted() }
  }
}

/// The error of work that was stopped on request.
public struct Interrupted: Fault {
  public init() {}

  public var message: Message { "stopped before the end" }
}
