import Containers
import Foundation
import Microscopy

/// The smlm format: a zip archive of binary tables, described by `manifest.json`.
///
/// Rows are interleaved, little endian. Positions are in nm unless the manifest states another unit.
enum SmlmArchive {
  static let manifestName = "manifest.json"

  static func read(_ archive: ZipArchive, path: String, options: TableOptions) throws
    -> Localizations
  {
    let manifest = try self.manifest(archive, path: path)
    guard let formats = manifest["formats"] as? [String: Any],
      let files = manifest["files"] as? [[String: Any]]
    else {
      throw TableError.damaged(path: path, reason: "its manifest has no formats or no files")
    }
    let tables = files.filter { $0["type"] as? String == "table" }
    guard !tables.isEmpty else {
      throw TableError.unknownKind(path: path, found: "an smlm archive without a table")
    }
    let parts = try tables.map { table in
      guard let name = table["format"] as? String, let format = formats[name] as? [String: Any]
      else {
        throw TableError.damaged(path: path, reason: "its manifest has a table without a format")
      }
      return try Part(archive, table, format, path: path)
    }
    let names = parts[0].columns.map(\.name)
    guard parts.allSatisfy({ $0.columns.map(\.name) == names }) else {
      throw TableError.unsupported(
        path: path, what: "an smlm archive of \(parts.count) tables with different columns",
        hint: "export one table at a time")
    }
    var columns = parts[0].columns
    var values = parts[0].values
    for part in parts.dropFirst() {
      for index in values.indices { values[index] += part.values[index] }
    }
    if parts.count > 1 {
      columns.append(TableDialect.Column(name: "channel"))
      values.append(
        parts.enumerated().flatMap { Array(repeating: Double($0), count: $1.values[0].count) })
    }
    let notes = Notes(manifest)
    var options = options
    options.pixelSize = options.pixelSize ?? notes?.field.pixelSize
    var template = Localizations(field: notes?.field ?? FieldOfView())
    template.provenance = notes?.steps ?? []
    let frames = columns.firstIndex { ["frame", "frames"].contains($0.key) }.map { values[$0] }
    return try TableDialect.smlm(firstFrame: frames?.contains(0) ?? false ? 0 : 1).table(
      columns, values, template: template, path: path, options: options)
  }

  /// What Glint adds to the manifest.
  struct Notes: Codable {
    var field: FieldOfView
    var steps: [ProvenanceStep]

    init(field: FieldOfView, steps: [ProvenanceStep]) {
      self.field = field
      self.steps = steps
    }

    init?(_ manifest: [String: Any]) {
      guard let own = manifest["glint"], JSONSerialization.isValidJSONObject(own),
        let data = try? JSONSerialization.data(withJSONObject: own),
        let notes = try? JSONDecoder().decode(Self.self, from: data)
      else { return nil }
      self = notes
      if let size = field.pixelSize, !(size > 0 && size.isFinite) { field.pixelSize = nil }
    }
  }

  static func manifest(_ archive: ZipArchive, path: String) throws -> [String: Any] {
    guard let member = archive[manifestName] else { return [:] }
    let content = try? JSONSerialization.jsonObject(with: Data(archive.read(member)))
    guard let manifest = content as? [String: Any] else {
      throw TableError.damaged(path: path, reason: "\(manifestName) is not JSON")
    }
    return manifest
  }

  /// One table of the archive.
  private struct Part {
    var columns: [TableDialect.Column] = []
    var values: [[Double]] = []

    private static let elements: [String: StoredElement] = [
      "int8": .i8, "uint8": .u8, "int16": .i16, "uint16": .u16, "int32": .i32, "uint32": .u32,
      "int64": .i64, "uint64": .u64, "float32": .f32, "float64": .f64,
    ]

    init(
      _ archive: ZipArchive, _ table: [String: Any], _ format: [String: Any], path: String
    ) throws {
      func damage(_ reason: String) -> TableError {
        .damaged(path: path, reason: "its manifest \(reason)")
      }
      guard let name = table["name"] as? String, let member = archive[name] else {
        throw damage("names a table that is not there")
      }
      guard format["mode"] as? String ?? "binary" == "binary" else {
        throw TableError.unsupported(
          path: path, what: "the table \(name) is text", hint: "export it as ThunderSTORM csv")
      }
      guard let headers = format["headers"] as? [String], let types = format["dtype"] as? [String],
        headers.count == types.count, let rows = Self.whole(table["rows"]), !headers.isEmpty
      else { throw damage("has no headers, types or rows for \(name)") }
      let shapes = (format["shape"] as? [Any])?.map { Self.whole($0) ?? 1 }
      let units = format["units"] as? [Any] ?? []
      let offsets = table["offset"] as? [String: Any] ?? [:]
      var fields: [(index: Int, element: StoredElement, offset: Int)] = []
      var rowBytes = 0
      for index in headers.indices {
        let count = shapes.flatMap { index < $0.count ? $0[index] : nil } ?? 1
        guard let element = Self.elements[types[index].lowercased()], 1...1024 ~= count else {
          throw damage("has the type \(types[index]) × \(count) in column \(headers[index])")
        }
        let offset = offsets[headers[index]].flatMap { ($0 as? NSNumber)?.doubleValue } ?? 0
        guard offset == 0 else {
          throw TableError.unsupported(
            path: path, what: "column \(headers[index]) has an offset of \(offset)",
            hint: "export it without offsets")
        }
        // Columns of several numbers are skipped.
        if count == 1 { fields.append((index, element, rowBytes)) }
        rowBytes += count * element.width
      }
      let bytes = try archive.read(member)
      guard rows <= bytes.count / rowBytes else {
        throw TableError.damaged(
          path: path,
          reason: "\(name) holds \(bytes.count / rowBytes) rows, its manifest states \(rows)")
      }
      columns = fields.map { field in
        let unit = field.index < units.count ? units[field.index] as? String : nil
        return TableDialect.Column(name: headers[field.index], unit: unit ?? "")
      }
      values = bytes.withUnsafeBytes { raw in
        fields.map {
          $0.element.doubles(raw, from: $0.offset, stride: rowBytes, count: rows, bigEndian: false)
        }
      }
    }

    /// A number that may be written as text.
    private static func whole(_ value: Any?) -> Int? {
      let number = (value as? NSNumber)?.doubleValue ?? (value as? String).flatMap(Double.init)
      return number.flatMap { Int(exactly: $0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
  }
}
