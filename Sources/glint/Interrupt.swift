import Formats
import Foundation
import Reporting

/// Ctrl-C, SIGTERM and SIGHUP: work that looks at `cancellation` ends in order, all else at once.
/// Unfinished files go either way.
enum Interrupt {
  /// Cancelled by the first signal.
  static let cancellation = Cancellation()

  /// Takes the signals over, once, when the program starts.
  static func listen() {
    TemporaryNames.prepare()
    // A value that is made at its first use is made here, not inside the handler.
    _ = cancellation.isWatched
    // A parent may have left them blocked (a thread of a Swift program does), and then nothing could
    // stop this one.
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
      // nohup asks to outlive the terminal.
      if name == SIGHUP, unsafeBitCast(earlier, to: Int.self) == Self.ignored {
        signal(name, SIG_IGN)
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// The value of `SIG_IGN`, which is no function that could be compared.
  private static let ignored = 1
}
