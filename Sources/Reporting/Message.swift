/// Text for users. It refers to settings by identity, so that each program can spell their names.
///
/// The library writes `box`; the command line turns the same message into `--box`.
/// ```swift
/// let message: Message = "use a smaller \(.box) or a larger \(.roi)"
/// message.text { $0.name }  // "use a smaller box or a larger roi"
/// ```
public struct Message: Hashable, Sendable, ExpressibleByStringInterpolation {
  enum Part: Hashable, Sendable {
    case words(String)
    case setting(SettingName)
  }

  let parts: [Part]

  /// Plain text.
  public init(_ words: String) { parts = [.words(words)] }

  public init(stringLiteral words: String) { self.init(words) }

  public init(stringInterpolation: Interpolation) { parts = stringInterpolation.parts }

  private init(parts: [Part]) { self.parts = parts }

  /// Collects the parts of an interpolated literal.
  public struct Interpolation: StringInterpolationProtocol {
    var parts: [Part] = []

    public init(literalCapacity: Int, interpolationCount: Int) {
      parts.reserveCapacity(2 * interpolationCount + 1)
    }

    public mutating func appendLiteral(_ words: String) {
      if !words.isEmpty { parts.append(.words(words)) }
    }

    public mutating func appendInterpolation(_ setting: SettingName) {
      parts.append(.setting(setting))
    }

    public mutating func appendInterpolation(_ message: Message) { parts += message.parts }

    public mutating func appendInterpolation<Value>(_ value: Value) {
      parts.append(.words("\(value)"))
    }
  }

  /// The message with the name of each setting formatted by `spelling`.
  public func text(_ spelling: (SettingName) -> String = \.name) -> String {
    parts.reduce(into: "") { text, part in
      switch part {
      case .words(let words): text += words
      case .setting(let name): text += spelling(name)
      }
    }
  }

  public static func + (first: Message, second: Message) -> Message {
    Message(parts: first.parts + second.parts)
  }
}

extension Message: CustomStringConvertible {
  /// The message with the library's names of settings.
  public var description: String { text() }
}

/// The name of a setting, such as "box" or "psf-sigma". Recipes and options format it differently.
public struct SettingName: Hashable, Sendable {
  public let name: String

  public init(_ name: String) { self.name = name }
}
