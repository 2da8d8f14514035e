import Foundation
import Reporting

/// Python, as an independent implementation. GLINT_PYTHON names another interpreter than python3. A
/// test that runs scripts has the trait `.python` with the modules that they import.
package enum Python {
  package static let interpreter = ProcessInfo.processInfo.environment["GLINT_PYTHON"] ?? "python3"
  private static let known = Guarded<[String: Bool]>([:])

  /// Whether all of these modules can be imported; tried once for each module.
  package static func has(_ modules: [String]) -> Bool {
    modules.allSatisfy { module in
      if let answer = known.withLock({ $0[module] }) { return answer }
      let answer = (try? run("import \(module)")) != nil
      known.withLock { $0[module] = answer }
      return answer
    }
  }

  /// A script that failed, with its output and error messages.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Runs a script, optionally in `folder`, and returns its output.
  package static func run(
    _ script: String, _ arguments: [String] = [], in folder: URL? = nil
  ) throws -> String {
    let program = try Program.run(
      URL(fileURLWithPath: "/usr/bin/env"), [interpreter, "-c", script] + arguments, in: folder)
    guard program.status == 0 else {
      throw Failure(description: "\(program.output)\(program.errors)")
    }
    return program.output
  }
}
