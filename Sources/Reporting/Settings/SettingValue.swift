/// A type that the value of a setting can have.
public protocol SettingValue: Hashable, Sendable {
  /// The expected kind of value, as text: "a whole number".
  static var kind: String { get }

  /// nil if the field holds another kind of value.
  init?(field: FieldValue)
  var field: FieldValue { get }
}

/// One of a fixed set of words.
public protocol SettingChoice: SettingValue, CaseIterable, RawRepresentable<String> {}

extension SettingChoice {
  public static var kind: String {
    let words = allCases.map(\.rawValue)
    return words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
  }

  public init?(field: FieldValue) {
    guard case .text(let word) = field else { return nil }
    self.init(rawValue: word)
  }

  public var field: FieldValue { .text(rawValue) }
}

extension Int: SettingValue {
  public static var kind: String { "a whole number" }

  public init?(field: FieldValue) {
    guard case .integer(let whole) = field else { return nil }
    self = whole
  }

  public var field: FieldValue { .integer(self) }
}

extension Double: SettingValue {
  public static var kind: String { "a number" }

  public init?(field: FieldValue) {
    switch field {
    case .integer(let whole): self.init(whole)
    case .number(let number): self = number
    default: return nil
    }
  }

  /// Whole numbers are written without a decimal point: 100, not 100.0.
  public var field: FieldValue { Int(exactly: self).map(FieldValue.integer) ?? .number(self) }
}

extension String: SettingValue {
  public static var kind: String { "text" }

  public init?(field: FieldValue) {
    guard case .text(let text) = field else { return nil }
    self = text
  }

  public var field: FieldValue { .text(self) }
}

extension ClosedRange: SettingValue where Bound == Double {
  public static var kind: String { "[first, last]" }

  public init?(field: FieldValue) {
    guard case .list(let list) = field, list.count == 2, let first = Double(field: list[0]),
      let last = Double(field: list[1]), first <= last
    else { return nil }
    self = first...last
  }

  public var field: FieldValue { .list([lowerBound.field, upperBound.field]) }
}

/// An optional setting: nil is written as null.
extension Optional: SettingValue where Wrapped: SettingValue {
  public static var kind: String { Wrapped.kind }

  public init?(field: FieldValue) {
    if field == .null {
      self.init(nilLiteral: ())
      return
    }
    guard let value = Wrapped(field: field) else { return nil }
    self = .some(value)
  }

  public var field: FieldValue { self?.field ?? .null }
}

extension FieldValue {
  /// The value in a message: text without quotes, whole numbers without a decimal point.
  public var words: String {
    switch self {
    case .null: "nothing"
    case .flag(let flag): "\(flag)"
    case .integer(let whole): "\(whole)"
    case .number(let number): "\(number)"
    case .text(let text): text
    case .list(let list): "[" + list.map(\.words).joined(separator: ", ") + "]"
    case .section: "a section"
    }
  }
}
