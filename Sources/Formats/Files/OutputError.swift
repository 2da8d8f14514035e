import Foundation
import Microscopy
import Reporting

/// Why an output file could not be written.
public enum OutputError: Fault, Hashable {
  /// The file exists, and overwriting was not requested.
  case exists(path: String)
  /// Another process is writing the file.
  case busy(path: String)
  /// The finished output could not get its name and is kept under others.
  case kept(path: String, in: [String], reason: String)
  /// The folder does not exist, is not a folder, or is not writable.
  case unwritable(path: String, reason: String)
  /// The extension is not one of the kinds that can be written.
  case unknownKind(path: String, kinds: String)
  /// The file system or the user's quota is full. `needed` is the size in bytes that the file was
  /// about to reach, if known.
  case full(path: String, needed: Int?)
  /// Any other system error.
  case failed(path: String, reason: String)

  public var message: Message {
    switch self {
    case .exists(let path): return "\(path) exists"
    case .busy(let path): return "\(path) is being written by another run"
    case .kept(let path, let names, let reason):
      let kept = names.joined(separator: " and ")
      return "cannot give \(path) its name: \(reason); the result is complete in \(kept)"
    case .unwritable(let path, let reason), .failed(let path, let reason):
      return "cannot write \(path): \(reason)"
    case .unknownKind(let path, _):
      let name = URL(fileURLWithPath: path).pathExtension
      return
        "cannot write \(path): \(name.isEmpty ? "a name without an extension" : ".\(name)") is "
        + "not a kind of picture that is written"
    case .full(let path, let needed):
      let size = needed.map { ", at least \($0) bytes are needed" } ?? ""
      return "no space left to write \(path)\(size)"
    }
  }

  public var remedy: Message? {
    switch self {
    case .exists: "choose another name, or replace the file with \(.force)"
    case .busy: "wait for it, or choose another name"
    case .kept: "rename it"
    case .unknownKind(_, let kinds): "choose \(kinds)"
    case .unwritable: "choose a folder that you may write to"
    case .full: "free space or choose another disk"
    case .failed: nil
    }
  }

  /// The cause alone, without the path.
  var reason: String {
    switch self {
    case .exists: "the name is taken"
    case .busy: "another run writes it"
    case .unwritable(_, let reason), .failed(_, let reason), .kept(_, _, let reason): reason
    case .unknownKind: "not a kind of file that is written"
    case .full: "no space left"
    }
  }

  /// The error for `path` that corresponds to a system call's `errno`.
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
