import Foundation

/// Why an output file could not be made.
public enum OutputError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name is taken and overwriting was not asked for.
  case exists(path: String)
  /// The folder does not exist, is no folder, or may not be written to.
  case unwritable(path: String, reason: String)
  /// The file system, or the user's share of it, has no room. `needed` counts the bytes that the
  /// file was about to grow to, as far as that is known.
  case full(path: String, needed: Int?)
  /// Anything else that the system says.
  case failed(path: String, reason: String)

  public var description: String {
    switch self {
    case .exists(let path):
      return "\(path) exists\nhint: choose another name, or pass --force to replace it"
    case .unwritable(let path, let reason):
      return "cannot write \(path): \(reason)\nhint: choose a folder that you may write to"
    case .full(let path, let needed):
      let size = needed.map { ", at least \($0) bytes are needed" } ?? ""
      return "no room left to write \(path)\(size)\nhint: free space or choose another disk"
    case .failed(let path, let reason):
      return "cannot write \(path): \(reason)"
    }
  }

  /// The error that a system call's `errno` means for `path`.
  package init(errno code: Int32, path: String, needed: Int? = nil) {
    let reason = String(cString: strerror(code)).lowercased()
    switch code {
    case EEXIST: self = .exists(path: path)
    case ENOSPC, EDQUOT: self = .full(path: path, needed: needed)
    case EACCES, EPERM, EROFS, ENOENT, ENOTDIR:
      self = .unwritable(path: path, reason: reason)
    default: self = .failed(path: path, reason: reason)
    }
  }
}
