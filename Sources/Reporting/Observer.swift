/// Receives notes and progress from long work. The caller that starts the work provides it.
public protocol Observer: AnyObject, Sendable {
  /// A line for the user, such as a fallback to another device or omitted rows.
  func note(_ line: Message)

  /// The current progress. Called often; must not block.
  func progress(_ progress: RunProgress)
}

/// The progress of some work.
public struct RunProgress: Hashable, Sendable {
  public var done: Int
  public var total: Int
  /// The unit that is counted, such as "frames" or "crops".
  public var unit: Unit
  /// The number of results so far; nil if results are not counted.
  public var found: Int?

  public init(_ done: Int, of total: Int, _ unit: Unit, found: Int? = nil) {
    self.done = done
    self.total = total
    self.unit = unit
    self.found = found
  }

  /// A static string, so that reporting progress does not allocate.
  public enum Unit: String, Sendable {
    case frames
    case crops
    case rows
    case steps
  }
}

/// An observer that ignores everything.
public final class Unobserved: Observer {
  public init() {}
  public func note(_ line: Message) {}
  public func progress(_ progress: RunProgress) {}
}
