import CTestSupport
import Compute
import Foundation
import TestSupport
import Testing

// Requirements of tests outside this package. If one is missing, the test is reported as skipped,
// with the reason given here.
extension Trait where Self == ConditionTrait {
  /// All of these files or folders of the recorded data.
  package static func data(_ names: String...) -> Self {
    .enabled(
      if: names.allSatisfy(SharedData.has),
      "the recorded data are not at hand (GLINT_DATA names their folder): \(listed(names))")
  }

  /// At least one of these files; the test's arguments are those that exist.
  package static func anyData(of names: [String]) -> Self {
    .enabled(
      if: names.contains(where: SharedData.has),
      "none of the recorded data is at hand (GLINT_DATA names their folder): \(listed(names))")
  }

  /// Python with these modules.
  package static func python(_ modules: String...) -> Self {
    .enabled(
      if: Python.has(modules),
      "\(Python.interpreter) (or what GLINT_PYTHON names) has not all of: \(listed(modules))")
  }

  package static var openCL: Self {
    .enabled(if: !Devices.openCL.devices.isEmpty, "there is no OpenCL device")
  }

  /// A program of the system.
  package static func program(_ name: String) -> Self {
    .enabled(if: Program.onPath(name) != nil, "\(name) is not installed")
  }

  package static var countedAllocations: Self {
    .enabled(
      if: glint_allocations_counted() != 0,
      "allocations cannot be counted under a sanitizer or with this C library")
  }

  /// A sanitizer would stop the program where the test expects an error.
  package static var noSanitizer: Self {
    .enabled(if: glint_sanitized() == 0, "the build has a sanitizer")
  }

  /// File permissions, which do not apply to the superuser.
  package static var filePermissions: Self {
    .enabled(if: geteuid() != 0, "the superuser may read and write everything")
  }

  /// /dev/full.
  package static var fullDevice: Self {
    .enabled(
      if: FileManager.default.fileExists(atPath: "/dev/full"), "this system has no /dev/full")
  }
}

private func listed(_ names: [String]) -> String { names.joined(separator: ", ") }
