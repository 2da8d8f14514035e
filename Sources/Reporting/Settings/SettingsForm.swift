/// A group of related settings. One function, `exchange`, pairs each setting with the property that
/// holds it; reading, writing, checking and describing all use it.
package protocol SettingGroup {
  /// Passes every setting that applies to the form, in file order.
  ///
  /// Throws `SettingsError` for a value of the wrong kind or out of range.
  mutating func exchange(_ form: inout SettingsForm) throws(SettingsError)
}

extension SettingGroup {
  /// Every setting that applies, with its value.
  package var entries: [SettingsForm.Entry] {
    var copy = self
    var form = SettingsForm(checks: false)
    // Nothing is read or checked, so no error is possible.
    try? copy.exchange(&form)
    return form.entries
  }

  /// Throws `SettingsError` for the first value out of range.
  package func checkRanges() throws(SettingsError) {
    var copy = self
    var form = SettingsForm()
    try copy.exchange(&form)
  }

  /// Every setting in the group, by name and section.
  package var fields: [String: FieldValue] {
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

/// A form that reads and writes groups of settings.
///
/// It holds statements in order of precedence, highest first. Precedence is defined only here.
package struct SettingsForm {
  /// A setting that the form exchanged.
  package struct Entry: Sendable {
    package let facts: SettingFacts
    package let value: FieldValue
    /// The source of the value; nil for a default.
    package let origin: Statement.Origin?
  }

  package private(set) var entries: [Entry] = []
  private let statements: [Statement]
  private let checks: Bool
  /// Statements that apply to another case than the one being read.
  private var muted: Set<Int> = []
  private var used: [Set<String>]

  /// - Parameters:
  ///   - statements: in order of precedence, highest first.
  ///   - checks: whether to check ranges.
  package init(_ statements: [Statement] = [], checks: Bool = true) {
    self.statements = statements
    self.checks = checks
    used = Array(repeating: [], count: statements.count)
  }

  /// Replaces the value by the stated one, and checks it.
  package mutating func field<Value>(
    _ setting: Setting<Value>, _ value: inout Value
  ) throws(SettingsError) {
    let said = try said(setting)
    if let said { value = said.value }
    if checks { try setting.check(value) }
    entries.append(Entry(facts: setting.facts, value: value.field, origin: said?.origin))
  }

  /// The stated value of a setting that does not apply, or not yet.
  package mutating func stated<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value? {
    try said(setting)?.value
  }

  /// Exchanges the fields of a case. Statements that choose another case are ignored: the threshold
  /// of one detector is meaningless for another.
  package mutating func within<Value>(
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

  /// The paths of a statement that applied, by its rank.
  package func used(of rank: Int) -> Set<String> { used[rank] }

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
