import Synchronization

/// A request to stop, seen by work that looks at it now and then.
///
/// `cancel()` may be called from any thread and from a signal handler.
public final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)
  private let watchers = Atomic<Int>(0)

  public init() {}

  public func cancel() { flag.store(true, ordering: .relaxed) }

  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Whether some work looks at it now. A signal handler that finds none can end the program at once.
  public var isWatched: Bool { watchers.load(ordering: .relaxed) > 0 }

  /// Does work that looks at it now and then.
  public func watch<Result>(_ work: () throws -> Result) rethrows -> Result {
    watchers.add(1, ordering: .relaxed)
    defer { watchers.subtract(1, ordering: .relaxed) }
    return try work()
  }

  /// Throws `Interrupted` once the work is to stop.
  public func check() throws(Interrupted) {
    if isCancelled { throw Interrupted() }
  }
}

/// Work ended early because it was asked to.
public struct Interrupted: Fault {
  public init() {}

  public var message: Message { "stopped before the end" }
}
