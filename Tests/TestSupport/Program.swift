import Foundation

/// Runs a program of this package, or of the system, until it ends.
package struct Program {
  package let status: Int32
  package let output: String
  package let errors: String

  /// Runs a program that was built beside the tests.
  package static func run(
    built name: String, _ arguments: [String] = [], environment: [String: String] = [:]
  ) throws -> Program {
    try run(built(name), arguments, environment: environment)
  }

  /// - Parameters:
  ///   - folder: working directory; nil for that of the tests.
  ///   - environment: added to the tests' own.
  package static func run(
    _ program: URL, _ arguments: [String] = [], in folder: URL? = nil,
    environment: [String: String] = [:]
  ) throws -> Program {
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("glint-program-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    // Files instead of pipes: a full pipe would block the program.
    let files = ["output", "errors"].map { scratch.appendingPathComponent($0) }
    for file in files { try Data().write(to: file) }
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = folder }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    return Program(
      status: process.terminationStatus,
      output: try String(contentsOf: files[0], encoding: .utf8),
      errors: try String(contentsOf: files[1], encoding: .utf8))
  }

  /// The path of a product of this build: next to the program that runs the tests.
  package static func built(_ name: String) -> URL {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent(name)
  }

  /// A program on PATH; nil if there is none.
  package static func onPath(_ name: String) -> URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
