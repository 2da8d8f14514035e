/// The settings that one source states: the command line, a recipe, or a file that a recipe names.
public struct Statement: Sendable {
  /// The source.
  public enum Origin: Hashable, Sendable {
    case option
    case recipe
    /// A file, described as text: "the PSF".
    case file(String)
  }

  public let origin: Origin
  private var values: [String: FieldValue] = [:]
  /// The name under which each path was stated, in order.
  private var names: [(path: String, name: SettingName)] = []

  public init(_ origin: Origin) { self.origin = origin }

  /// The fields of a file, with one level of sections.
  public init(_ origin: Origin, fields: [String: FieldValue]) {
    self.origin = origin
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      guard case .section(let section) = value else {
        values[name] = value
        continue
      }
      for (field, value) in section { values["\(name).\(field)"] = value }
    }
  }

  /// The values of a group of settings.
  package init(_ origin: Origin, _ group: some SettingGroup) {
    self.origin = origin
    for entry in group.entries { values[entry.facts.path] = entry.value }
  }

  public subscript(_ path: String) -> FieldValue? {
    get { values[path] }
    set { values[path] = newValue }
  }

  public var paths: [String] { values.keys.sorted() }

  /// The stated value of a setting; nil if there is none of its type.
  public func value<Value>(of setting: Setting<Value>) -> Value? {
    values[setting.facts.path].flatMap(Value.init(field:))
  }

  /// States a setting; nil states nothing.
  public mutating func say<Value>(_ setting: Setting<Value>, _ value: Value?) {
    guard let value else { return }
    values[setting.facts.path] = value.field
    names.append((setting.facts.path, setting.name))
  }

  /// The same for an optional setting.
  public mutating func say<Value>(_ setting: Setting<Value?>, _ value: Value?) {
    guard let value else { return }
    values[setting.facts.path] = value.field
    names.append((setting.facts.path, setting.name))
  }

  /// The stated settings that have no path in `used`, in order.
  public func unused(_ used: Set<String>) -> [SettingName] {
    let usedNames = Set(names.filter { used.contains($0.path) }.map(\.name))
    return names.map(\.name).filter { !usedNames.contains($0) }
  }
}
