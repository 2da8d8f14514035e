import Reporting

/// Why a PSF calibration could not be read or written.
public enum CalibrationFileError: Fault, Hashable {
  case unreadable(path: String, reason: String)
  /// The content is not a supported calibration format.
  case unknownKind(path: String, found: String)
  /// The file is damaged or truncated.
  case damaged(path: String, reason: String)
  /// A value that is not valid for a PSF.
  case impossible(path: String, reason: String)
  /// A known format with content that Glint does not support.
  case unsupported(path: String, what: String, hint: String)
  /// The extension of the output is not a format that can hold this PSF.
  case unwritable(path: String, reason: String)

  public var message: Message {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .unknownKind(let path, let found): "\(path) is not a PSF calibration: \(found)"
    case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
    case .impossible(let path, let reason): "\(path): \(reason)"
    case .unsupported(let path, let what, _): "\(path): \(what)"
    case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
    }
  }

  public var remedy: Message? {
    switch self {
    case .unreadable, .damaged: nil
    case .unknownKind:
      "supported formats: \(CalibrationFiles.readableKinds.joined(separator: ", "))"
    case .impossible: "repeat the calibration from the beads"
    case .unsupported(_, _, let hint): Message(hint)
    case .unwritable: Message(CalibrationFiles.writableKinds.joined(separator: ", "))
    }
  }
}
