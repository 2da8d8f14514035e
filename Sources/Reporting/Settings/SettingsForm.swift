/// Settings that belong together. One function, `exchange`, names each with the property that holds it;
/// reading, writing, checking and describing all go through it.
public protocol SettingGroup {
  /// Hands every setting that applies to the form, in the order of a file.
  ///
  /// Throws `SettingsError` for a value of another kind or out of range.
  mutating func exchange(_ form: inout SettingsForm) throws(SettingsError)
}

extension SettingGroup {
  /// Every setting that applies, with its value.
  public var entries: [SettingsForm.Entry] {
    var copy = self
    var form = SettingsForm(checks: false)
    // Nothing is read and nothing is checked, so nothing can be refused.
    try? copy.exchange(&form)
    return form.entries
  }

  /// Throws `SettingsError` for the first value out of range.
  public func checkRanges() throws(SettingsError) {
    var copy = self
    var form = SettingsForm()
    try copy.exchange(&form)
  }

  /// Every setting that is said, by name and section.
  public var fields: [String: FieldValue] {
    var result: [String: FieldValue] = [:]
    for entry in entries where entry.value != .null {
      let (section, field) = (entry.facts.section, entry.facts.field)
      guard !section.isEmpty else {
        result[field] = entry.value
        continue
      }
      var inner: [String: FieldValue] = [:]
      if case .section(let earlier) = result[section] { inner = earlier }
      inner[field] = entry.value
      result[section] = .section(inner)
    }
    return result
  }
}

/// A form that groups of settings fill in, and are filled from.
///
/// It holds statements, the one with the last word first: that is the order of precedence, and there is
/// no other place that has one.
public struct SettingsForm {
  /// A setting that was asked for.
  public struct Entry: Sendable {
    public let facts: SettingFacts
    public let value: FieldValue
    /// Who said it; nil for a default.
    public let origin: Statement.Origin?
  }

  public private(set) var entries: [Entry] = []
  private let statements: [Statement]
  private let checks: Bool
  /// Statements that speak of another case than the one that is read.
  private var muted: Set<Int> = []
  private var used: [Set<String>]

  /// - Parameters:
  ///   - statements: the one with the last word first.
  ///   - checks: whether ranges are looked at.
  public init(_ statements: [Statement] = [], checks: Bool = true) {
    self.statements = statements
    self.checks = checks
    used = Array(repeating: [], count: statements.count)
  }

  /// Replaces the value by what is said of it, and checks it.
  public mutating func field<Value>(
    _ setting: Setting<Value>, _ value: inout Value
  ) throws(SettingsError) {
    let said = try said(setting)
    if let said { value = said.value }
    if checks { try setting.check(value) }
    entries.append(Entry(facts: setting.facts, value: value.field, origin: said?.origin))
  }

  /// What is said of a setting that does not apply, or not yet.
  public mutating func stated<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value? {
    try said(setting)?.value
  }

  /// Exchanges the fields of a case. A statement that chooses another case has no say in them: the
  /// threshold of one detector means nothing to the next.
  public mutating func within<Value>(
    _ choice: Setting<Value>, _ value: Value,
    _ body: (inout SettingsForm) throws(SettingsError) -> Void
  ) throws(SettingsError) {
    let before = muted
    for (rank, statement) in statements.enumerated() {
      if let other = statement[choice.facts.path], other != value.field { muted.insert(rank) }
    }
    defer { muted = before }
    try body(&self)
  }

  /// Paths of a statement's that applied, by its rank.
  public func used(of rank: Int) -> Set<String> { used[rank] }

  private mutating func said<Value>(
    _ setting: Setting<Value>
  ) throws(SettingsError) -> (value: Value, origin: Statement.Origin)? {
    var result: (value: Value, origin: Statement.Origin)?
    let path = setting.facts.path
    for (rank, statement) in statements.enumerated() where !muted.contains(rank) {
      guard let field = statement[path] else { continue }
      used[rank].insert(path)
      guard result == nil else { continue }
      guard let value = Value(field: field) else {
        let kind = Value.kind
        throw SettingsError(
          "the field `\(path)` does not accept that value; it must be \(kind)", hint: nil)
      }
      result = (value, statement.origin)
    }
    return result
  }
}
