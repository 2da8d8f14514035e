import Formats
import Foundation
import Localization
import Reporting

/// The names that a job's files will have, looked at before any work.
struct OutputNames {
  private var taken: [String: String] = [:]
  private let inputs: Set<FileIdentity>
  private let overwrite: Bool

  /// - Parameter inputs: files that the job reads and must not replace.
  init(inputs: [String], overwrite: Bool) {
    self.inputs = Set(inputs.compactMap(FileIdentity.init))
    self.overwrite = overwrite
  }

  /// A table and the file that goes with it.
  ///
  /// Throws `TableError` for an extension that names no table, and as `add` does.
  mutating func add(table path: String) throws {
    for name in try Tables.files(of: path) { try add(name) }
  }

  /// Throws `OutputError` where the name exists without `overwrite`, `SettingsError` where another
  /// output or an input has it.
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

/// A file whatever its name.
private struct FileIdentity: Hashable {
  let device: UInt
  let number: UInt

  /// The file that `path` leads to; nil where there is none.
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
