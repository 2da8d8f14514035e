/// Why a camera file could not be used.
public enum CameraFileError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  /// The content is no camera description of a known kind.
  case unknownKind(path: String, found: String)
  case damaged(path: String, reason: String)
  /// Keys of a text file that mean nothing.
  case unknownKeys(path: String, keys: [String])
  /// A number that no camera has.
  case impossible(path: String, reason: String)
  /// A numpy file that would have to be executed to be read.
  case pickled(path: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): return "cannot read \(path): \(reason)"
    case .unknownKind(let path, let found):
      return "\(path) is no camera file: \(found)\nhint: these can be read: "
        + CameraFiles.readableKinds.joined(separator: ", ")
    case .damaged(let path, let reason): return "\(path) is damaged: \(reason)"
    case .unknownKeys(let path, let keys):
      return "\(path) has the unknown key \(keys.joined(separator: ", "))\nhint: these have a "
        + "meaning: \(CameraFiles.keys.joined(separator: ", "))"
    case .impossible(let path, let reason): return "\(path): \(reason)"
    case .pickled(let path):
      return "\(path) holds pickled Python objects, which are programs and are not run"
        + "\nhint: convert it with python3 -c \"import numpy; c = numpy.load('\(path)', "
        + "allow_pickle=True); numpy.save('maps.npy', numpy.array(list(c[:3]), dtype='f8'))\""
    }
  }
}
