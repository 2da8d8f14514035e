import Formats
import Foundation
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP: a flag for work that looks at it and ends in order, the end for all
/// else. Unfinished files go either way.
public enum Interrupt {
  private static let flag = Atomic<Bool>(false)
  private static let watched = Atomic<Bool>(false)

  /// Whether the user asked to stop.
  public static var requested: Bool { flag.load(ordering: .relaxed) }

  /// Takes the signals over, once, when the program starts.
  public static func listen() {
    TemporaryNames.prepare()
    // Values that are made at their first use are made here, not inside the handler.
    flag.store(false, ordering: .relaxed)
    watched.store(false, ordering: .relaxed)
    // A parent may have left them blocked (a thread of a Swift program does), and then nothing could
    // stop this one.
    var set = sigset_t()
    sigemptyset(&set)
    for name in [SIGINT, SIGTERM, SIGHUP] {
      sigaddset(&set, name)
      let earlier = signal(name) { name in
        if Interrupt.watched.load(ordering: .relaxed),
          !Interrupt.flag.exchange(true, ordering: .relaxed)
        {
          return
        }
        TemporaryNames.removeFiles()
        _exit(128 + name)
      }
      // nohup asks to outlive the terminal.
      if name == SIGHUP, unsafeBitCast(earlier, to: Int.self) == Self.ignored {
        signal(name, SIG_IGN)
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// The value of `SIG_IGN`, which is no function that could be compared.
  private static let ignored = 1

  /// Does work that looks at `requested` now and then; a second signal still ends the process.
  public static func watch<Result>(_ work: () throws -> Result) rethrows -> Result {
    watched.store(true, ordering: .relaxed)
    defer { watched.store(false, ordering: .relaxed) }
    return try work()
  }
}
