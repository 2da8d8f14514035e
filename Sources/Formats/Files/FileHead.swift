import Containers
import Foundation
import Reporting

/// An error type for reading files whose format must first be detected.
protocol FileReadingError: Fault {
  static func unreadable(path: String, reason: String) -> Self
  static func damaged(path: String, reason: String) -> Self
  /// A valid file with unsupported content.
  static func unsupported(path: String, what: String, hint: String) -> Self
}

extension FileReadingError {
  /// Runs `body` and converts a fault of a container into this error type.
  static func reading<T>(_ path: String, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let fault as FileFault {
      let what = "it \(fault.words)"
      switch fault.kind {
      case .damage: throw damaged(path: path, reason: what)
      case .unreadable: throw unreadable(path: path, reason: what)
      case .refusal: throw unsupported(path: path, what: what, hint: fault.hint ?? "")
      }
    }
  }

  /// The first bytes of a file, up to 512, to detect its format.
  static func head(of path: String) throws(Self) -> Data {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)).lowercased())
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "it is not a file")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw .unreadable(path: path, reason: "the file cannot be opened")
    }
    guard let head = try? handle.read(upToCount: 512), !head.isEmpty else {
      throw .damaged(path: path, reason: "it is empty")
    }
    return head
  }
}

extension CameraFileError: FileReadingError {}
extension CalibrationFileError: FileReadingError {}
extension TableError: FileReadingError {}
