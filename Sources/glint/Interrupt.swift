import Formats
import Foundation
import Reporting

/// Handles Ctrl-C, the end of the terminal, and every other signal that asks a program to end.
///
/// Work that checks `cancellation` stops in an orderly way and keeps what is complete; further
/// signals change nothing. Anything else ends the process at once. No file that holds data is
/// removed in either case.
enum Interrupt {
  /// The first signal cancels it.
  static let cancellation = Cancellation()

  /// The exit code of a program that a signal stopped.
  static var exitCode: Int32 { 128 + (cancellation.signal > 0 ? cancellation.signal : SIGINT) }

  /// Signals that end a program by default and that do not mean a fault in it. Batch systems send
  /// SIGUSR1, SIGUSR2 or SIGXCPU before they kill a job.
  private static let signals: [Int32] = {
    var signals = [
      SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU,
    ]
    #if os(Linux)
      signals += [SIGPWR, SIGIO, SIGSTKFLT]
    #endif
    return signals
  }()

  /// Installs the signal handlers. Call it once, when the program starts.
  static func listen() {
    TemporaryNames.prepare()
    // Initializes this lazy value now, because the handler must not.
    _ = cancellation.isWatched
    // A parent process may have left these signals blocked (a thread of a Swift program does); then
    // no signal could stop this process.
    var set = sigset_t()
    sigemptyset(&set)
    for name in signals {
      sigaddset(&set, name)
      let earlier = signal(name) { name in
        if Interrupt.cancellation.isWatched {
          return Interrupt.cancellation.cancel(signal: name)
        }
        TemporaryNames.removeEmptyFiles()
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
