/// The declaration of a setting. The option with its help, the recipe field with its comment, the
/// range check and the line in the page of settings are all derived from it.
///
/// ```swift
/// extension FitSettings {
///   static let box = Setting(
///     .box, in: "fit", unit: "px", standard: 7, allowed: .odd(3...31),
///     "side of the square fit box")
/// }
/// ```
/// An optional setting has an `Optional` value and the default nil.
public struct Setting<Value: SettingValue>: Sendable {
  public let facts: SettingFacts
  /// The default value.
  public let standard: Value
  public let allowed: Allowed<Value>

  /// - Parameters:
  ///   - name: the name in options and messages.
  ///   - section: the section of the recipe; empty for the top level.
  ///   - field: the field in the section; by default the name with `_` for `-`.
  ///   - title: the name in error messages; by default `name`.
  ///   - owner: the detector or model that it belongs to, if others have a setting of the same
  ///     name.
  ///   - unit: the unit; empty if it has none.
  ///   - standard: the default value.
  ///   - allowed: the values that are accepted.
  ///   - meaning: a short description in lower case, without unit and default.
  ///   - remedy: a suggestion for when the value is rejected.
  package init(
    _ name: SettingName, in section: String = "", field: String? = nil, title: String? = nil,
    of owner: String? = nil, unit: String = "", standard: Value, allowed: Allowed<Value> = .any,
    _ meaning: String, remedy: Message? = nil
  ) {
    let isSaid = standard.field != .null
    facts = SettingFacts(
      name: name, section: section,
      field: field ?? name.name.map { $0 == "-" ? "_" : "\($0)" }.joined(),
      title: title ?? name.name.map { $0 == "-" ? " " : "\($0)" }.joined(), owner: owner,
      unit: unit, kind: Value.kind, isChoice: Value.self is any SettingChoice.Type,
      range: allowed.words,
      standard: isSaid ? standard.field.words : nil, meaning: meaning, remedy: remedy)
    self.standard = standard
    self.allowed = allowed
  }

  public var name: SettingName { facts.name }

  /// Throws `SettingsError` if the value is out of range.
  public func check(_ value: Value) throws(SettingsError) {
    guard !allowed.holds(value), let range = allowed.words else { return }
    let unit = facts.unit.isEmpty ? "" : " \(facts.unit)"
    let words =
      Value.kind == Int.kind && !facts.title.hasSuffix(" of")
      ? "\(value.field.words) must be \(range)\(unit)"
      : "\(value.field.words)\(unit) must be \(range)"
    throw SettingsError(
      "\(facts.title) \(words)", hint: facts.remedy ?? "\(name) is: \(facts.comment)")
  }
}

/// The properties of a setting that do not depend on its type.
public struct SettingFacts: Hashable, Sendable {
  public let name: SettingName
  public let section: String
  public let field: String
  public let title: String
  public let owner: String?
  public let unit: String
  /// The kind of value that a file may hold, as text.
  public let kind: String
  /// Whether it is one of a few words, which `kind` lists.
  public let isChoice: Bool
  /// The allowed values, as text; nil if all are allowed.
  public let range: String?
  /// The default as text; nil if the setting is absent by default.
  public let standard: String?
  public let meaning: String
  public let remedy: Message?

  /// Section and field: "fit.box".
  public var path: String { section.isEmpty ? field : "\(section).\(field)" }

  /// The comment beside the field: meaning, the words that can stand there, unit.
  public var comment: String {
    meaning + (isChoice ? ": \(kind)" : "") + (unit.isEmpty ? "" : ", \(unit)")
  }

  /// The help of the option.
  ///
  /// - Parameter saysDefault: false if the default is shown elsewhere.
  package func help(saysDefault: Bool = true) -> String {
    let usual = saysDefault ? standard.map { "\($0) by default" } : nil
    let limits = [range, usual].compactMap { $0 }
    return meaning.prefix(1).uppercased() + meaning.dropFirst()
      + (limits.isEmpty ? "" : " (\(limits.joined(separator: "; ")))") + "."
  }
}

/// The allowed values of a setting, with a description for users.
public struct Allowed<Value>: Sendable {
  public let words: String?
  public let holds: @Sendable (Value) -> Bool

  package init(_ words: String?, _ holds: @escaping @Sendable (Value) -> Bool) {
    self.words = words
    self.holds = holds
  }

  package static var any: Self { Self(nil) { _ in true } }

  /// The same for an optional setting.
  package static func optional<Wrapped>(_ allowed: Allowed<Wrapped>) -> Self
  where Value == Wrapped? {
    Self(allowed.words) { $0.map(allowed.holds) ?? true }
  }
}

extension Allowed where Value == Int {
  package static func within(_ range: ClosedRange<Int>) -> Self {
    Self("in \(range)") { range.contains($0) }
  }

  package static func odd(_ range: ClosedRange<Int>) -> Self {
    Self("odd and in \(range)") { range.contains($0) && !$0.isMultiple(of: 2) }
  }
}

/// Every range has two ends, so that no value leads to numbers that later code cannot hold.
extension Allowed where Value == Double {
  /// Never a NaN.
  package static func within(_ range: ClosedRange<Double>) -> Self {
    Self("in \(range.lowerBound.field.words)...\(range.upperBound.field.words)") {
      range.contains($0)
    }
  }

  /// Greater than `least`.
  package static func above(_ least: Double, upTo most: Double) -> Self {
    Self("greater than \(least.field.words) and at most \(most.field.words)") {
      $0 > least && $0 <= most
    }
  }

  /// Strictly between two limits.
  package static func between(_ low: Double, _ high: Double) -> Self {
    Self("in (\(low.field.words), \(high.field.words))") { $0 > low && $0 < high }
  }
}

/// An error for invalid settings, with a remedy.
public struct SettingsError: Fault, Equatable {
  public let message: Message
  public let remedy: Message?

  public init(_ message: Message, hint: Message?) {
    self.message = message
    remedy = hint
  }
}
