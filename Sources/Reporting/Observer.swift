/// Where long work tells how it goes. Whoever starts the work passes one in.
public protocol Observer: AnyObject, Sendable {
  /// A line that a person should read: a fall back to another device, rows that were left out.
  func note(_ line: Message)

  /// How far the work is. Called often; must not block.
  func progress(_ progress: RunProgress)
}

/// How far some work is.
public struct RunProgress: Hashable, Sendable {
  public var done: Int
  public var total: Int
  /// What is counted: "frames", "crops".
  public var unit: Unit
  /// What came out so far, and what it is called; nil where nothing is counted.
  public var found: Int?

  public init(_ done: Int, of total: Int, _ unit: Unit, found: Int? = nil) {
    self.done = done
    self.total = total
    self.unit = unit
    self.found = found
  }

  /// A word that is known when the program is built, so that telling progress allocates nothing.
  public enum Unit: String, Sendable {
    case frames
    case crops
    case rows
    case steps
  }
}

/// An observer that is not interested.
public final class Unobserved: Observer {
  public init() {}
  public func note(_ line: Message) {}
  public func progress(_ progress: RunProgress) {}
}
