import Foundation

/// Identifies the processor by family, model and caches. Its name is not enough: many clouds use
/// "Intel(R) Xeon(R) Processor" for several generations.
enum Processor {
  /// "GenuineIntel 6/207, L1 48K, L2 2048K": vendor, family, model and the caches of one core. The
  /// stepping does not affect speed, and the share of the last-level cache varies between virtual
  /// machines, so both are left out.
  static let identity = identity(
    cpuinfo: text("/proc/cpuinfo"),
    caches: (0..<8).map { index in
      let folder = "/sys/devices/system/cpu/cpu0/cache/index\(index)/"
      return (text(folder + "level"), text(folder + "type"), text(folder + "size"))
    })

  static func identity(
    cpuinfo: String, caches: [(level: String, type: String, size: String)]
  ) -> String {
    func field(_ names: String...) -> String? {
      for line in cpuinfo.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1)
          .map { $0.trimmingCharacters(in: .whitespaces) }
        if parts.count == 2, names.contains(parts[0]), !parts[1].isEmpty { return parts[1] }
      }
      return nil
    }
    // The second key is the one that Linux uses on ARM.
    let vendor = field("vendor_id", "CPU implementer") ?? "unknown"
    let family = field("cpu family", "CPU architecture") ?? "?"
    let model = field("model", "CPU part") ?? "?"
    let own = caches.filter { $0.type != "Instruction" && ["1", "2"].contains($0.level) }
      .sorted { $0.level < $1.level }.map { ", L\($0.level) \($0.size)" }
    return "\(vendor) \(family)/\(model)" + own.joined()
  }

  private static func text(_ path: String) -> String {
    ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "")
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
