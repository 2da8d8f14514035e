import Foundation
import TestSupport
import Testing

/// h5py, which writes the files that the reader is held against. GLINT_PYTHON names another interpreter than
/// python3.
enum H5py {
  static let interpreter = ProcessInfo.processInfo.environment["GLINT_PYTHON"] ?? "python3"

  static let isAtHand: Bool = {
    let program = try? Program.run(
      URL(fileURLWithPath: "/usr/bin/env"), [interpreter, "-c", "import h5py, numpy"])
    return program?.status == 0
  }()

  static let missing: Comment = "\(H5py.interpreter) has no h5py (GLINT_PYTHON names another)"

  /// Runs a script whose arguments are `arguments`.
  static func run(_ script: String, _ arguments: [String]) throws {
    let program = try Program.run(
      URL(fileURLWithPath: "/usr/bin/env"), [interpreter, "-c", script] + arguments)
    try #require(program.status == 0, "\(program.errors)")
  }
}
