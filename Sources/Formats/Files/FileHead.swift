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
      case .missing, .unreadable: throw unreadable(path: path, reason: what)
      case .refusal: throw unsupported(path: path, what: what, hint: fault.hint ?? "")
      }
    }
  }

  /// The first bytes of a file, up to 512, to detect its format.
  static func head(of path: String) throws(Self) -> Data {
    do {
      let head = try reading(path) {
        let file = try InputFile(path)
        return try file.bytes(at: 0, count: 512)
      }
      guard !head.isEmpty else { throw Self.damaged(path: path, reason: "it is empty") }
      return Data(head)
    } catch { throw error as? Self ?? .unreadable(path: path, reason: "\(error)") }
  }
}

extension CameraFileError: FileReadingError {}
extension CalibrationFileError: FileReadingError {}
extension TableError: FileReadingError {}
