import Reporting
import Yams

extension FieldValue {
  /// Parses YAML (or JSON); nil if the text is not valid, or if nested aliases make it too large.
  init?(yaml text: String) {
    guard let root = try? Yams.compose(yaml: text) else { return nil }
    var room = 100_000
    guard let value = FieldValue(root, &room) else { return nil }
    self = value
  }

  private init?(_ node: Node, _ room: inout Int) {
    room -= 1
    guard room > 0 else { return nil }
    switch node {
    case .mapping(let mapping):
      var fields: [String: FieldValue] = [:]
      for (key, value) in mapping {
        guard let name = key.scalar?.string, let inner = FieldValue(value, &room) else {
          return nil
        }
        fields[name] = inner
      }
      self = .section(fields)
    case .sequence(let items):
      var list: [FieldValue] = []
      for item in items {
        guard let value = FieldValue(item, &room) else { return nil }
        list.append(value)
      }
      self = .list(list)
    case .scalar(let scalar):
      switch Resolver.default.resolveTag(of: node) {
      case .null: self = .null
      case .bool: self = Bool.construct(from: scalar).map(Self.flag) ?? .text(scalar.string)
      case .int: self = Int.construct(from: scalar).map(Self.integer) ?? .text(scalar.string)
      case .float: self = Double.construct(from: scalar).map(Self.number) ?? .text(scalar.string)
      default: self = .text(scalar.string)
      }
    case .alias: return nil
    }
  }

  /// The value on one line of YAML; numbers are written readably and without loss.
  var yaml: String {
    switch self {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .integer(let whole): "\(whole)"
    case .number(let number):
      number.isNaN ? ".nan" : number.isInfinite ? (number < 0 ? "-.inf" : ".inf") : "\(number)"
    case .text(let text): Self.quoted(text)
    case .list(let list): "[" + list.map(\.yaml).joined(separator: ", ") + "]"
    case .section(let fields):
      "{"
        + fields.sorted { $0.key < $1.key }
        .map { "\(Self.quoted($0.key)): \($0.value.yaml)" }.joined(separator: ", ") + "}"
    }
  }

  /// Text that YAML reads back as the same text: unquoted if it is a simple name.
  private static func quoted(_ text: String) -> String {
    let marks = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-")
    let isPlain = !text.isEmpty && text.allSatisfy(marks.contains) && !text.hasPrefix("-")
    if isPlain, Resolver.default.resolveTag(of: Node(text)) == .str { return text }
    let isPrintable = text.unicodeScalars.allSatisfy {
      (0x20..<0x7F ~= $0.value || $0.value >= 0xA0) && $0.value != 0xFEFF
        && !(0x2028...0x2029 ~= $0.value) && $0.value & 0xFFFE != 0xFFFE
    }
    if isPrintable {
      return "'"
        + text.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "''") + "'"
    }
    return "\""
      + text.unicodeScalars.map { scalar in
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        default:
          0x20..<0x7F ~= scalar.value
            ? "\(scalar)" : "\\U" + hexadecimal(scalar.value)
        }
      }.joined() + "\""
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
