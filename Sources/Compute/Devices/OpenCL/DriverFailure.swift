import COpenCL
import Foundation

/// What happened to a child process that loaded the OpenCL drivers.
public struct DriverFailure: CustomStringConvertible, Sendable {
  /// The library that was loaded or asked for its devices: a driver, or the ICD loader.
  public let library: String
  /// The .icd file that names the library; empty if none does.
  public let source: String
  public let description: String

  /// Loads the ICD loader and its drivers in a child process; nil if all is well, or if no child
  /// could be started.
  init?(whenLoading loader: String, within seconds: Double = 15) {
    let probe = glint_opencl_probe(loader, seconds)
    let end: String
    switch probe.outcome {
    case glint_probe_ended: end = "ends the program with status \(probe.code)"
    case glint_probe_killed: end = "crashes the program with \(Self.name(ofSignal: probe.code))"
    case glint_probe_hung: end = "does not return within \(Int(seconds)) s"
    default: return nil
    }
    let last = withUnsafeBytes(of: probe.last) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    guard last.count == 3 else { return nil }
    (library, source) = (last[1], last[2])
    description =
      "the driver \(library)\(source.isEmpty ? "" : " (\(source))") \(end) "
      + (last[0] == "load" ? "while it is loaded" : "while it lists its platforms")
  }

  private static func name(ofSignal number: Int32) -> String {
    let names = [
      SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGILL: "SIGILL",
      SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGSYS: "SIGSYS", SIGTRAP: "SIGTRAP",
    ]
    return names[number] ?? "signal \(number)"
  }
}
