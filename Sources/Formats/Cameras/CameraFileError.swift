import Reporting

/// Why a camera file could not be read.
public enum CameraFileError: Fault, Hashable {
  case unreadable(path: String, reason: String)
  /// The content is not a supported camera format.
  case unknownKind(path: String, found: String)
  case damaged(path: String, reason: String)
  /// A valid file with unsupported content.
  case unsupported(path: String, what: String, hint: String)
  /// Unknown keys in a text file.
  case unknownKeys(path: String, keys: [String])
  /// A value that is not valid for a camera.
  case impossible(path: String, reason: String)
  /// A NumPy file with pickled objects, which would have to be executed.
  case pickled(path: String)

  public var message: Message {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .unknownKind(let path, let found): "\(path) is not a camera file: \(found)"
    case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
    case .unsupported(let path, let what, _): "\(path): \(what)"
    case .unknownKeys(let path, let keys):
      "\(path) has the unknown key \(keys.joined(separator: ", "))"
    case .impossible(let path, let reason): "\(path): \(reason)"
    case .pickled(let path):
      "\(path) contains pickled Python objects; reading them would run code, so it is refused"
    }
  }

  public var remedy: Message? {
    switch self {
    case .unreadable, .damaged, .impossible: nil
    case .unknownKind: "supported formats: \(CameraFiles.readableKinds.joined(separator: ", "))"
    case .unsupported(_, _, let hint): Message(hint)
    case .unknownKeys: "the known keys are \(CameraFiles.keys.joined(separator: ", "))"
    case .pickled(let path):
      Message(
        "convert it with python3 -c \"import numpy; c = numpy.load('\(path)', "
          + "allow_pickle=True); numpy.save('maps.npy', numpy.array(list(c[:3]), dtype='f8'))\"")
    }
  }
}
