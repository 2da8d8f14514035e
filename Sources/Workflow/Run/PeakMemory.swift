import Foundation

/// The largest resident memory of this process so far, bytes; 0 where the system does not tell.
public func peakResidentBytes() -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
  return line.flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
    .map { $0 * 1024 } ?? 0
}
