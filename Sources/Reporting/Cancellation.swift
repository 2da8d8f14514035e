import Synchronization

/// A request to stop, seen by work that looks at it now and then.
///
/// `cancel()` may be called from any thread and from a signal handler.
public final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  public init() {}

  public func cancel() { flag.store(true, ordering: .relaxed) }

  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

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
