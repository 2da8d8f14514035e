import Foundation
import Reporting

/// Writes a line to stderr; stdout is for data.
func say(_ line: String) { Terminal.write("\(line)\n") }

/// Reports notes and progress on stderr: progress is a bar on a terminal, and otherwise a plain
/// line every ten seconds.
///
/// `@unchecked Sendable`: a lock guards the mutable state.
final class Terminal: Observer, @unchecked Sendable {
  private static let isTerminal = isatty(STDERR_FILENO) == 1
  /// Whether the terminal's last line shows a progress bar.
  private static let hasBar = Guarded(false)

  private let quiet: Bool
  private let lock = NSLock()
  private var done = 0
  /// How far the current piece of work was when it began.
  private var begin: Int?
  private var start = Date()
  private var last = Date()

  /// - Parameter quiet: whether to show neither progress nor notes, except warnings and what
  ///   becomes of a run that stops.
  init(quiet: Bool = false) { self.quiet = quiet }

  func note(_ line: Message) {
    let text = line.text { "--\($0.name)" }
    if quiet, !["warning", "stopped"].contains(where: text.hasPrefix) { return }
    say(text)
  }

  func progress(_ progress: RunProgress) {
    if quiet { return }
    lock.lock()
    defer { lock.unlock() }
    let now = Date()
    // The next piece of work begins at 0.
    if progress.done == 0, done > 0 { (begin, start, last) = (nil, now, now) }
    done = progress.done
    if begin == nil { begin = done }
    if Self.isTerminal, progress.done == progress.total { return Self.write("") }
    guard now.timeIntervalSince(last) >= (Self.isTerminal ? 0.1 : 10) else { return }
    last = now
    Self.write(line(progress, now) + (Self.isTerminal ? "" : "\n"), isBar: Self.isTerminal)
  }

  private func line(_ progress: RunProgress, _ now: Date) -> String {
    let (done, total, unit) = (progress.done, progress.total, progress.unit.rawValue)
    let seconds = max(now.timeIntervalSince(start), 1e-3)
    let rate = Double(done - (begin ?? 0)) / seconds
    let left = rate > 0 ? Self.clock(Double(total - done) / rate) : "?"
    let width = 24
    let filled = total > 0 ? min(width, width * done / total) : 0
    let bar =
      Self.isTerminal
      ? "[" + String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        + "] " : ""
    return "\(bar)\(done)/\(total) \(unit)  \(Int(rate)) \(unit)/s  "
      + "\(Self.clock(seconds)) gone, \(left) left"
      + (progress.found.map { "  \($0) localizations" } ?? "")
  }

  private static func clock(_ seconds: Double) -> String {
    let s = Int(seconds.rounded())
    return s < 3600
      ? String(format: "%d:%02d", s / 60, s % 60)
      : String(format: "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
  }

  /// Writes text to stderr, replacing a progress bar on the last line.
  ///
  /// Write errors are ignored: a closed or full stderr must not end a run.
  fileprivate static func write(_ text: String, isBar: Bool = false) {
    hasBar.withLock { hasBar in
      var text = (hasBar || isBar ? "\r\u{1B}[K" : "") + text
      hasBar = isBar
      text.withUTF8 { bytes in
        var sent = 0
        while sent < bytes.count {
          let count = Foundation.write(
            STDERR_FILENO, bytes.baseAddress! + sent, bytes.count - sent)
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { return }
          sent += count
        }
      }
    }
  }
}
