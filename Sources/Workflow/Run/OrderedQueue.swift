import Foundation

/// Delivers numbered values in numerical order, independent of the order of arrival.
///
/// `@unchecked Sendable`: all access is under the condition's lock.
final class OrderedQueue<Element>: @unchecked Sendable {
  private let condition = NSCondition()
  private var items: [Element?]
  private var next = 0
  private var closed = false

  /// - Parameter capacity: maximum difference between the numbers of queued values.
  init(capacity: Int) {
    items = Array(repeating: nil, count: capacity)
  }

  func push(_ element: Element, at number: Int) {
    condition.lock()
    defer { condition.unlock() }
    precondition(number - next < items.count, "a number too far ahead")
    items[number % items.count] = element
    condition.signal()
  }

  /// Waits for the next value; nil if the queue is closed without it.
  func pop() -> Element? {
    condition.lock()
    defer { condition.unlock() }
    let place = next % items.count
    while items[place] == nil && !closed { condition.wait() }
    guard let element = items[place] else { return nil }
    items[place] = nil
    next += 1
    return element
  }

  /// Closes the queue; values that follow without a gap can still be taken.
  func close() {
    condition.lock()
    closed = true
    condition.broadcast()
    condition.unlock()
  }
}
