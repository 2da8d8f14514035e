import Microscopy

/// Why a table could not be read, or not be written as asked.
public enum TableError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  /// The content belongs to no kind of table that is read.
  case unknownKind(path: String, found: String)
  /// The extension of an output names no kind of table that is written.
  case unknownExtension(path: String)
  case missingColumns(path: String, missing: [String], found: [String])
  case badRow(path: String, line: Int, reason: String)
  /// The file is damaged or ends early.
  case damaged(path: String, reason: String)
  /// Positions are in nm and the pixel size is not known.
  case pixelSizeUnknown(path: String)
  /// A row or a column does not fit the output's format.
  case unrepresentable(path: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): return "cannot read \(path): \(reason)"
    case .unknownKind(let path, let found):
      return "\(path) is not a localization table: \(found)\nhint: these can be read: "
        + Tables.readableKinds.joined(separator: ", ")
    case .unknownExtension(let path):
      return "the extension of \(path) names no table format\nhint: these can be written: "
        + Tables.writableKinds.joined(separator: ", ")
    case .missingColumns(let path, let missing, let found):
      return "\(path) has no column \(missing.joined(separator: ", ")); it has "
        + (found.isEmpty ? "none" : found.joined(separator: ", "))
    case .badRow(let path, let line, let reason): return "\(path), line \(line): \(reason)"
    case .damaged(let path, let reason): return "\(path) is damaged: \(reason)"
    case .pixelSizeUnknown(let path):
      return "\(path): positions are in nm and the size of a pixel is not known"
        + "\nhint: pass --pixel-size NM"
    case .unrepresentable(let path, let reason): return "cannot write \(path): \(reason)"
    }
  }
}

extension TableError {
  /// Throws where a writer's table lacks columns that its format needs.
  static func require(_ wanted: [Quantity], among found: [Quantity], path: String) throws {
    try refuse(wanted.filter { !found.contains($0) }, found: found, path: path)
  }

  /// Throws where a batch lacks columns of its table, or has them for some of its rows only.
  static func require(_ wanted: [Quantity], of batch: Localizations, path: String) throws {
    let missing = wanted.filter { batch[$0]?.count != batch.count }
    try refuse(missing, found: batch.quantities, path: path)
  }

  private static func refuse(
    _ missing: [Quantity], found: @autoclosure () -> [Quantity], path: String
  ) throws {
    guard missing.isEmpty else {
      throw TableError.missingColumns(
        path: path, missing: missing.map(\.name), found: found().map(\.name))
    }
  }
}
