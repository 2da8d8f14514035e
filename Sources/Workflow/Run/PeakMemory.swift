import Foundation

/// The largest resident memory of this process so far, bytes; 0 where the system does not tell.
public func peakResidentBytes() -> Int { statusBytes("VmHWM:") }

/// What the program itself takes in a run, bytes: what it has now, before any work, and what movies
/// and tables load of it and of their libraries.
public func programBytes() -> Int { statusBytes("VmRSS:") + 16 << 20 }

private func statusBytes(_ name: String) -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
  return line.flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
    .map { $0 * 1024 } ?? 0
}
