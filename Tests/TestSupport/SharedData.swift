import Foundation

/// The recorded data: in the folder named by GLINT_DATA, otherwise in `shared/data` beside the
/// package. They are not part of the package; a test that reads them has the trait `.data`.
package enum SharedData {
  private static let folder: String = {
    let beside = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../shared/data")
    return ProcessInfo.processInfo.environment["GLINT_DATA"] ?? beside.standardized.path
  }()

  /// The path of one of its files or folders, whether it exists or not.
  package static func path(_ name: String) -> String { folder + "/" + name }

  package static func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: path(name))
  }

  package static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }
}
