import Foundation

/// Runs a Python script and returns what it prints; nil, with a line that says so, where Python or a
/// module it needs is missing. GLINT_PYTHON names another interpreter than python3.
func python(
  _ script: String, _ arguments: [String] = [], needs modules: [String]
) -> String? {
  let name = ProcessInfo.processInfo.environment["GLINT_PYTHON"] ?? "python3"
  func run(_ code: String, _ arguments: [String]) -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name, "-c", code] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return (127, "") }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }
  guard run("import " + modules.joined(separator: ", "), []).status == 0 else {
    print("skipped: \(name) with \(modules.joined(separator: ", ")) is not at hand")
    return nil
  }
  let result = run(script, arguments)
  return result.status == 0 ? result.text : "the script ended with status \(result.status)"
}
