import Formats
import Foundation
import Localization
import Reporting

/// The output names of a job, checked before any work.
struct OutputNames {
  private var taken: [String: String] = [:]
  private let inputs: Set<FileIdentity>
  private let overwrite: Bool

  /// - Parameter inputs: input files, which must not be replaced.
  init(inputs: [String], overwrite: Bool) {
    self.inputs = Set(inputs.compactMap(FileIdentity.init))
    self.overwrite = overwrite
  }

  /// Adds a table and its sidecar.
  ///
  /// Throws `TableError` for an unsupported extension, and the errors of `add`.
  mutating func add(table path: String) throws {
    for name in try Tables.files(of: path) { try add(name) }
  }

  /// Throws `OutputError` if the file exists without `overwrite`, and `SettingsError` if another
  /// output or an input has the same name.
  mutating func add(_ path: String) throws {
    let url = URL(fileURLWithPath: path)
    let place =
      url.deletingLastPathComponent().resolvingSymlinksInPath().path + "/"
      + url.lastPathComponent
    if let other = taken[place] {
      throw SettingsError(
        "two outputs have the same name \(path)\(other == path ? "" : " (also named \(other))")",
        hint: "choose different names; .hdf5 also writes .yaml, and .csv also writes -protocol.txt")
    }
    taken[place] = path
    if let identity = FileIdentity(path), inputs.contains(identity) {
      throw SettingsError(
        "\(path) is an input of this run and cannot be its output", hint: "choose another name")
    }
    if !overwrite, FileIdentity.exists(path) { throw OutputError.exists(path: path) }
  }
}

/// The identity of a file, independent of its name.
private struct FileIdentity: Hashable {
  let device: UInt
  let number: UInt

  /// The file at `path`; nil if there is none.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt(status.st_dev)
    number = UInt(status.st_ino)
  }

  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}
