import Containers
import Foundation

/// Kinds of text files that Glint reads besides tables, told by words that only they hold. A file
/// that its reader refuses is still of its kind, so that the reader's error is the one to show.
package enum TextKind: Sendable {
  case psf
  case camera
  case recipe

  /// Whether the file begins as text.
  package static func isText(_ path: String) -> Bool {
    (try? InputFile(path).bytes(at: 0, count: 4096))?.contains(0) == false
  }

  /// nil for any other file, and for one that cannot be read.
  package init?(path: String) {
    guard let head = try? InputFile(path).bytes(at: 0, count: 1 << 16), !head.contains(0) else {
      return nil
    }
    let text = String(decoding: head, as: UTF8.self)
    let keys = text.split(whereSeparator: { $0.isNewline || $0 == "{" || $0 == "," }).map { line in
      line.prefix { $0 != ":" }.trimmingCharacters(in: ["\"", "'", " ", "\t"])
    }
    if keys.contains(where: { $0 == "X Coefficients" || $0 == "Y Coefficients" }) {
      self = .psf
    } else if keys.contains("recipe") {
      self = .recipe
    } else if text.contains(":"), keys.contains(where: CameraFiles.keys.contains) {
      self = .camera
    } else {
      return nil
    }
  }
}
