import Foundation

/// Tells a person how far a run is: a bar on a terminal, a plain line every ten seconds elsewhere.
///
/// Everything goes to stderr; stdout is for data.
public final class Progress {
  private let total: Int
  private let unit: String
  private let start = Date()
  private var last = Date.distantPast
  private let terminal = isatty(STDERR_FILENO) == 1
  private let quiet: Bool

  public init(total: Int, unit: String, quiet: Bool = false) {
    self.total = total
    self.unit = unit
    self.quiet = quiet
    if !terminal { last = start }
  }

  public func update(_ done: Int, note: @autoclosure () -> String = "") {
    let now = Date()
    guard !quiet, now.timeIntervalSince(last) >= (terminal ? 0.1 : 10) else { return }
    last = now
    let text = line(done, now) + note()
    mutter(terminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
  }

  /// Clears the bar.
  public func finish() {
    if terminal, !quiet, last != .distantPast { mutter("\r\u{1B}[K") }
  }

  private func line(_ done: Int, _ now: Date) -> String {
    let seconds = max(now.timeIntervalSince(start), 1e-3)
    let rate = Double(done) / seconds
    let left = rate > 0 ? Double(total - done) / rate : 0
    let width = 24
    let filled = total > 0 ? min(width, width * done / total) : 0
    let bar =
      terminal
      ? "[" + String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        + "] " : ""
    return "\(bar)\(done)/\(total) \(unit)  \(Int(rate)) \(unit)/s  "
      + "\(Self.clock(seconds)) gone, \(Self.clock(left)) left"
  }

  private static func clock(_ seconds: Double) -> String {
    let s = Int(seconds.rounded())
    return s < 3600
      ? String(format: "%d:%02d", s / 60, s % 60)
      : String(format: "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60)
  }
}
