import Foundation
import Synchronization

/// Ctrl-C and SIGTERM as a flag that a run looks at between batches, so that it can end in order.
public enum Interrupt {
  private static let flag = Atomic<Bool>(false)

  /// Whether the user asked to stop.
  public static var requested: Bool { flag.load(ordering: .relaxed) }

  /// Turns SIGINT and SIGTERM into the flag; a second one ends the process at once.
  public static func listen() {
    for name in [SIGINT, SIGTERM] {
      signal(name) { name in
        if Interrupt.flag.exchange(true, ordering: .relaxed) { _exit(128 + name) }
      }
    }
  }

  package static func set(_ value: Bool) { flag.store(value, ordering: .relaxed) }
}
