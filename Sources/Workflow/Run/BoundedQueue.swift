import Foundation

/// Hands values from one thread to another, at most `capacity` of them under way.
///
/// `@unchecked Sendable`: all access is under the condition's lock.
final class BoundedQueue<Element>: @unchecked Sendable {
  private let condition = NSCondition()
  private var items: [Element?]
  private var head = 0
  private var count = 0
  private var closed = false

  init(capacity: Int) {
    items = Array(repeating: nil, count: capacity)
  }

  /// Waits for room. Returns false, and drops the value, when the queue was closed.
  @discardableResult
  func push(_ element: Element) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while count == items.count && !closed { condition.wait() }
    if closed { return false }
    items[(head + count) % items.count] = element
    count += 1
    condition.broadcast()
    return true
  }

  /// Waits for a value; nil when the queue is closed and empty.
  func pop() -> Element? {
    condition.lock()
    defer { condition.unlock() }
    while count == 0 && !closed { condition.wait() }
    guard count > 0 else { return nil }
    let element = items[head]
    items[head] = nil
    head = (head + 1) % items.count
    count -= 1
    condition.broadcast()
    return element
  }

  /// No more values come; those under way can still be taken.
  func close() {
    condition.lock()
    closed = true
    condition.broadcast()
    condition.unlock()
  }
}
