import Formats
import Foundation
import Reporting

/// Handles Ctrl-C, SIGTERM and SIGHUP. Work that checks `cancellation` stops in an orderly way;
/// anything else ends the process at once. Unfinished output files are removed in both cases.
enum Interrupt {
  /// The first signal cancels it.
  static let cancellation = Cancellation()

  /// Installs the signal handlers. Call it once, when the program starts.
  static func listen() {
    TemporaryNames.prepare()
    // Initializes this lazy value now, because the handler must not.
    _ = cancellation.isWatched
    // A parent process may have left these signals blocked (a thread of a Swift program does); then
    // no signal could stop this process.
    var set = sigset_t()
    sigemptyset(&set)
    for name in [SIGINT, SIGTERM, SIGHUP] {
      sigaddset(&set, name)
      let earlier = signal(name) { name in
        if Interrupt.cancellation.isWatched, !Interrupt.cancellation.isCancelled {
          return Interrupt.cancellation.cancel()
        }
        TemporaryNames.removeFiles()
        _exit(128 + name)
      }
      // Under nohup the program must survive the end of the terminal.
      if name == SIGHUP, unsafeBitCast(earlier, to: Int.self) == Self.ignored {
        signal(name, SIG_IGN)
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// The value of `SIG_IGN`, which Swift cannot compare as a function.
  private static let ignored = 1
}
