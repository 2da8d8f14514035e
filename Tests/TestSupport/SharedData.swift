import Foundation

/// The recorded data, where they are at hand: in the folder that GLINT_DATA names, else in `shared/data`
/// beside the package.
package enum SharedData {
  /// The path of a file or folder of them; nil, with a line that says so, where it is not there.
  package static func path(_ name: String) -> String? {
    let beside = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../shared/data")
    let folder = ProcessInfo.processInfo.environment["GLINT_DATA"] ?? beside.standardized.path
    let path = folder + "/" + name
    guard FileManager.default.fileExists(atPath: path) else {
      print("skipped: \(name) is not at hand (GLINT_DATA names the folder of the shared data)")
      return nil
    }
    return path
  }
}
