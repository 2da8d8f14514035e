import Containers
import Foundation
import Microscopy

/// Reads Picasso's localizations; positions and frames already follow Glint's convention.
enum PicassoReader {
  private static let batch = 65_536

  static func read(
    _ file: HDF5File, path: String, options: TableOptions, _ body: (Localizations) throws -> Void
  ) throws {
    try refusePandas(file, path: path)
    guard let dataset = try file.dataset("locs") else {
      throw TableError.damaged(path: path, reason: "locs cannot be opened")
    }
    let metadata = try metadata(file, path: path)
    let records = try dataset.records()
    var names = records.names
    var template = Localizations(field: metadata?.field ?? FieldOfView())
    template.provenance = metadata?.provenance ?? []
    var options = options
    options.pixelSize = options.pixelSize ?? template.field.pixelSize
    let units = metadata?.columnUnits ?? [:]
    // Molecules are groups of rows; their frame is a mean, which is kept beside the rounded one.
    let meanFrame = names.contains("std_frame") ? names.firstIndex(of: "frame") : nil
    if meanFrame != nil { names.append("mean_frame") }
    let columns = names.map { TableDialect.Column(name: $0, unit: units[$0] ?? "") }
    let rows = records.count
    var first = 0
    repeat {
      let range = first..<min(rows, first + batch)
      var values = try records.columns(range)
      if let meanFrame {
        values.append(values[meanFrame])
        values[meanFrame] = values[meanFrame].map { $0.rounded() }
      }
      try body(
        TableDialect.picasso.table(
          columns, values, template: template, path: path, options: options))
      first = range.upperBound
    } while first < rows
  }

  /// pandas' own layout (PyTables) keeps the names of columns in Python's format.
  private static func refusePandas(_ file: HDF5File, path: String) throws {
    guard try file.hasAttribute("pandas_type", of: "locs") else { return }
    throw TableError.unsupported(
      path: path, what: "an HDF5 file of pandas' to_hdf, whose layout only pandas reads",
      hint: "write it as text with to_csv, or as records: "
        + "h5py.File(name, \"w\")[\"locs\"] = table.to_records(index=False)")
  }

  /// The metadata from the sidecar, or else the embedded ones; a table without either is still
  /// read.
  static func metadata(_ file: HDF5File, path: String) throws -> PicassoMetadata? {
    let stem = URL(fileURLWithPath: path).pathExtension.count + 1
    let sidecar = String(path.dropLast(stem)) + ".yaml"
    if let data = try Tables.notes(sidecar) {
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
