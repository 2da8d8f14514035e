import Reporting

/// What is wrong with a file, before its path is known.
package struct FileFault: Fault {
  /// A phrase whose subject is the file: "ends 4 bytes too early".
  package let reason: String
  /// Where in the file; nil where no one place is to blame.
  package let byte: Int?
  /// What can be done about it; nil where only a whole file helps.
  package let hint: String?
  package let kind: Kind

  package enum Kind: Sendable {
    case damage
    /// The system does not give its bytes.
    case unreadable
    /// The file may be sound but keeps its data in a way that is not read.
    case refusal
  }

  package init(_ reason: String, byte: Int? = nil, hint: String? = nil, kind: Kind = .damage) {
    self.reason = reason
    self.byte = byte
    self.hint = hint
    self.kind = kind
  }

  /// The fault of a sound file that is not read.
  package static func refusal(_ reason: String, hint: String) -> FileFault {
    FileFault(reason, hint: hint, kind: .refusal)
  }

  /// The reason and the place.
  package var words: String { reason + (byte.map { " (byte \($0))" } ?? "") }

  package var message: Message { "the file \(words)" }
  package var remedy: Message? { hint.map { Message($0) } }
}
