/// Why a PSF calibration could not be read, or not be written as asked.
public enum CalibrationFileError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  /// The content belongs to no kind of calibration that is read.
  case unknownKind(path: String, found: String)
  /// The file is damaged or ends early.
  case damaged(path: String, reason: String)
  /// A number that no PSF has.
  case impossible(path: String, reason: String)
  /// A known kind with a content that Glint has no use for.
  case unsupported(path: String, what: String, hint: String)
  /// The extension of an output names no kind of calibration that can hold this PSF.
  case unwritable(path: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): return "cannot read \(path): \(reason)"
    case .unknownKind(let path, let found):
      return "\(path) is no PSF calibration: \(found)\nhint: these can be read: "
        + CalibrationFiles.readableKinds.joined(separator: ", ")
    case .damaged(let path, let reason): return "\(path) is damaged: \(reason)"
    case .impossible(let path, let reason):
      return "\(path): \(reason)\nhint: the file cannot be used; make it again from its beads"
    case .unsupported(let path, let what, let hint): return "\(path): \(what)\nhint: \(hint)"
    case .unwritable(let path, let reason):
      return "cannot write \(path): \(reason)\nhint: "
        + CalibrationFiles.writableKinds.joined(separator: ", ")
    }
  }
}
