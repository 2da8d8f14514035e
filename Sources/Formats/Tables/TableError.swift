import Microscopy
import Reporting

/// Why a table could not be read or written.
public enum TableError: Fault, Hashable {
  case unreadable(path: String, reason: String)
  /// The content is not a supported table format.
  case unknownKind(path: String, found: String)
  /// A valid file with unsupported content.
  case unsupported(path: String, what: String, hint: String)
  /// The extension of the output is not a supported table format.
  case unknownExtension(path: String)
  case missingColumns(path: String, missing: [String], found: [String])
  case badRow(path: String, line: Int, reason: String)
  /// A frame number that is not whole, or below the first.
  case badFrame(path: String, place: String, value: Double, first: Int)
  /// Content without a certain meaning; `remedy` names the setting that gives it one.
  case unclear(path: String, what: String, remedy: Message)
  /// The file is damaged or truncated.
  case damaged(path: String, reason: String)
  /// Positions are in nm and the pixel size is not known.
  case pixelSizeUnknown(path: String)
  /// A row or a column cannot be stored in the output format.
  case unrepresentable(path: String, reason: String)

  public var message: Message {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .unknownKind(let path, let found): "\(path) is not a localization table: \(found)"
    case .unsupported(let path, let what, _): "\(path): \(what)"
    case .unknownExtension(let path): "the extension of \(path) is not a supported table format"
    case .missingColumns(let path, let missing, let found):
      "\(path) has no column \(missing.joined(separator: ", ")); it has \(Self.list(found))"
    case .badRow(let path, let line, let reason): "\(path), line \(line): \(reason)"
    case .badFrame(let path, let place, let value, let first):
      "\(path), \(place): frame \(value) is not a whole number of at least \(first), where this "
        + "format begins"
    case .unclear(let path, let what, _): "\(path): \(what)"
    case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
    case .pixelSizeUnknown(let path):
      "\(path): positions are in nm and the pixel size is not known"
    case .unrepresentable(let path, let reason): "cannot write \(path): \(reason)"
    }
  }

  public var remedy: Message? {
    switch self {
    case .unknownKind: "supported formats: \(Tables.readableKinds.joined(separator: ", "))"
    case .unknownExtension:
      "supported formats: \(Tables.writableKinds.joined(separator: ", "))"
    case .unsupported(_, _, let hint): Message(hint)
    case .pixelSizeUnknown: "give \(.pixelSize) in nm"
    case .unclear(_, _, let remedy): remedy
    case .badFrame(_, _, let value, let first):
      value.rounded() == value && value >= -1e6
        ? "if frames of this file count from another number than \(first), give it with \(.firstFrame)"
        : nil
    case .missingColumns(_, _, let found):
      (found.first { $0.lowercased().contains("x") } ?? found.first).map {
        "name the columns with \(.map), such as x=\($0)"
      }
    case .unreadable, .badRow, .damaged, .unrepresentable: nil
    }
  }
}

extension TableError {
  private static func list(_ names: [String]) -> String {
    names.isEmpty ? "none" : names.joined(separator: ", ")
  }

  /// Throws if a table lacks columns that the output format requires.
  static func require(_ wanted: [Quantity], among found: [Quantity], path: String) throws {
    try refuse(wanted.filter { !found.contains($0) }, found: found, path: path)
  }

  /// Throws if a batch lacks columns of its table, or if a column does not cover all rows.
  static func require(_ wanted: [Quantity], of batch: Localizations, path: String) throws {
    let missing = wanted.filter { batch[$0]?.count != batch.count }
    try refuse(missing, found: batch.quantities, path: path)
  }

  private static func refuse(
    _ missing: [Quantity], found: @autoclosure () -> [Quantity], path: String
  ) throws {
    guard missing.isEmpty else {
      throw TableError.unrepresentable(
        path: path,
        reason: "the table has no column \(missing.map(\.name).joined(separator: ", ")); it has "
          + list(found().map(\.name)))
    }
  }
}
