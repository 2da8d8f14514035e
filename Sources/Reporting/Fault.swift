/// An error that a user can meet: what is wrong, where, and what to do about it.
///
/// All errors of the library have this shape, so that one place can print them: the command line adds the
/// names of its options, another program shows the parts as it likes.
public protocol Fault: Error, CustomStringConvertible, Sendable {
  /// What is wrong and where, in lower case and without a full stop.
  var message: Message { get }
  /// The next step; nil where there is none to suggest.
  var remedy: Message? { get }
}

extension Fault {
  public var remedy: Message? { nil }

  /// The message, and on a line of its own `hint:` with the remedy.
  public var explanation: Message { remedy.map { "\(message)\nhint: \($0)" } ?? message }

  /// The explanation as the library spells it.
  public var description: String { explanation.text() }
}
