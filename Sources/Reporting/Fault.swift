/// An error shown to users: what is wrong, where, and what to do about it.
///
/// All errors of the library conform to it, so that one function can print them. The command line
/// adds the names of its options; other programs can format the parts differently.
public protocol Fault: Error, CustomStringConvertible, Sendable {
  /// What is wrong and where, in lower case and without a full stop.
  var message: Message { get }
  /// What to do next; nil if there is no suggestion.
  var remedy: Message? { get }
}

extension Fault {
  public var remedy: Message? { nil }

  /// The message, followed by a line `hint:` with the remedy.
  public var explanation: Message { remedy.map { "\(message)\nhint: \($0)" } ?? message }

  /// The explanation with the library's names of settings.
  public var description: String { explanation.text() }
}
