import Reporting

/// A problem with a file, without its path.
package struct FileFault: Fault {
  /// A phrase whose subject is the file: "ends 4 bytes too early".
  package let reason: String
  /// Position in the file; nil if the problem has no single position.
  package let byte: Int?
  /// A remedy; nil if only an intact file helps.
  package let hint: String?
  package let kind: Kind

  package enum Kind: Sendable {
    case damage
    /// There is no such file.
    case missing
    /// The system cannot read its bytes, or they changed meanwhile.
    case unreadable
    /// The file may be intact but stores its data in a way that is not supported.
    case refusal
  }

  package init(_ reason: String, byte: Int? = nil, hint: String? = nil, kind: Kind = .damage) {
    self.reason = reason
    self.byte = byte
    self.hint = hint
    self.kind = kind
  }

  /// The fault of an intact file that is not supported.
  package static func refusal(_ reason: String, hint: String) -> FileFault {
    FileFault(reason, hint: hint, kind: .refusal)
  }

  /// The reason and the place.
  package var words: String { reason + (byte.map { " (byte \($0))" } ?? "") }

  package var message: Message { "the file \(words)" }
  package var remedy: Message? { hint.map { Message($0) } }
}
