import Foundation

/// A value that only one thread at a time can use.
///
/// The standard library's `Mutex` does the same, but the thread sanitizer does not see its lock when
/// threads wait for it, and reports races that there are none.
package final class Guarded<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  package init(_ value: Value) { self.value = value }

  /// Runs `body` with the value while no other thread can use it. Not to be nested.
  package func withLock<Result, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
