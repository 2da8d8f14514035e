import Foundation

/// The peak resident memory of this process, bytes; 0 if unknown.
package func peakResidentBytes() -> Int { statusBytes("VmHWM:") }

/// The current resident memory of this process, bytes; 0 if unknown.
package func residentBytes() -> Int { statusBytes("VmRSS:") }

private func statusBytes(_ name: String) -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
  return line.flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
    .map { $0 * 1024 } ?? 0
}
