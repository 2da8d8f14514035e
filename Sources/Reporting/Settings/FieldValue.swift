/// A value in a settings file: a scalar, a list, or a section of named values.
public enum FieldValue: Hashable, Sendable {
  case null
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([FieldValue])
  case section([String: FieldValue])

  /// The value under a name in a section; nil if there is none.
  public subscript(_ name: String) -> FieldValue? {
    guard case .section(let fields) = self, let value = fields[name], value != .null else {
      return nil
    }
    return value
  }

  /// The value at a path of names, such as "camera.gain".
  public subscript(path path: String) -> FieldValue? {
    path.split(separator: ".").reduce(self) { $0?[String($1)] }
  }
}

extension FieldValue: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let whole = try? container.decode(Int.self) {
      self = .integer(whole)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([FieldValue].self) {
      self = .list(list)
    } else {
      self = .section(try container.decode([String: FieldValue].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .flag(let flag): try container.encode(flag)
    case .integer(let whole): try container.encode(whole)
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    case .list(let list): try container.encode(list)
    case .section(let fields): try container.encode(fields)
    }
  }
}
