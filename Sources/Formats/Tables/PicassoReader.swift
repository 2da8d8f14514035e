import Containers
import Foundation
import Microscopy

/// Reads Picasso's localizations; positions and frames already follow Glint's convention.
enum PicassoReader {
  private static let batch = 65_536

  static func read(
    _ file: HDF5File, path: String, options: TableOptions, _ body: (Localizations) throws -> Void
  ) throws {
    guard let dataset = try file.dataset("locs") else {
      throw TableError.damaged(path: path, reason: "locs cannot be opened")
    }
    let metadata = try metadata(file, path: path)
    let records = try dataset.records()
    let names = records.names
    let missing = ["frame", "x", "y"].filter { !names.contains($0) }
    guard missing.isEmpty else {
      throw TableError.missingColumns(path: path, missing: missing, found: names)
    }
    var template = Localizations(field: metadata?.field ?? FieldOfView())
    template.field.pixelSize = options.pixelSize ?? template.field.pixelSize
    template.provenance = metadata?.provenance ?? []
    let units = metadata?.columnUnits ?? [:]
    let rows = records.count
    var first = 0
    repeat {
      let range = first..<min(rows, first + batch)
      let columns = try records.columns(range)
      var table = template
      for (name, column) in zip(names, columns) {
        if name == "frame" {
          table.frame = try column.map { try frame($0, path: path) }
        } else {
          table[PicassoColumns.quantity(name, units: units)] = column
        }
      }
      try body(table)
      first = range.upperBound
    } while first < rows
  }

  private static func frame(_ value: Double, path: String) throws -> Int {
    guard value >= 0, value < 1e15, value == value.rounded() else {
      throw TableError.damaged(
        path: path, reason: "frame \(value) is not a whole number of at least 0")
    }
    return Int(value)
  }

  /// The metadata from the sidecar, or else the embedded ones; a table without either is still
  /// read.
  private static func metadata(_ file: HDF5File, path: String) throws -> PicassoMetadata? {
    let stem = URL(fileURLWithPath: path).pathExtension.count + 1
    let sidecar = String(path.dropLast(stem)) + ".yaml"
    if let data = FileManager.default.contents(atPath: sidecar) {
      do {
        return try PicassoMetadata(yaml: String(decoding: data, as: UTF8.self))
      } catch {
        throw TableError.damaged(path: sidecar, reason: "it is not YAML (\(firstLine(error)))")
      }
    }
    guard let text = try file.dataset("metadata")?.text() else { return nil }
    do {
      return try PicassoMetadata(json: text)
    } catch {
      throw TableError.damaged(path: path, reason: "/metadata is not JSON (\(firstLine(error)))")
    }
  }

  private static func firstLine(_ error: any Error) -> String {
    "\(error)".split(separator: "\n").first.map(String.init) ?? ""
  }
}
