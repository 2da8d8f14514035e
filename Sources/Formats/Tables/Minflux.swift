import Containers
import Foundation
import Microscopy

/// MINFLUX localizations of Abberior's Imspector: NumPy records, MATLAB 5 or JSON.
///
/// Each record has a position in metres for every iteration of the measurement; the last one counts.
/// Newer files have one record per iteration and mark the last. Records that are not valid are left
/// out. There are no frames: the trace, whose rows are one molecule, stands for the frame.
struct Minflux {
  /// The positions of the last iteration, m: x, y, z.
  private var places: [[Double]] = []
  private var columns: [(name: String, values: [Double])] = []
  private var isValid: [Bool] = []

  /// The values of records and, at the last iteration, of the measurement.
  private static let scalars = ["tid", "tim", "gri", "sqi", "sta", "bot", "eot", "thi"]
  private static let measured = ["efo", "cfr", "eco", "ecc", "dcr", "fbg"]

  // MARK: NumPy

  static func read(numpy bytes: [UInt8], path: String, options: TableOptions) throws
    -> Localizations
  {
    let records = try NumPyRecords(bytes)
    var data = Minflux()
    func numbers(_ name: String) -> [Double]? {
      records.field(name).flatMap { records.column($0) }
    }
    func last(_ name: String, _ place: Int?) -> [Double]? {
      guard let field = records.field(name) else { return nil }
      let index = place.map { [$0] } ?? []
      guard field.shape.count > index.count else { return records.column(field, index) }
      return records.column(field, field.shape.dropLast(index.count).map { $0 - 1 } + index)
    }
    let prefix = records.field("itr.loc") == nil ? "" : "itr."
    data.places = (0..<3).compactMap { last(prefix + "loc", $0) }
    data.take(scalars: numbers, last: { last(prefix + $0, nil) })
    return try data.table(path: path, options: options)
  }

  // MARK: JSON

  static func read(json path: String, options: TableOptions) throws -> Localizations {
    let bytes = try InputFile.contents(of: path)
    let content = try? JSONSerialization.jsonObject(with: Data(bytes))
    guard content != nil else { throw FileFault("is not JSON") }
    guard let rows = content as? [[String: Any]], !rows.isEmpty else {
      throw TableError.unknownKind(path: path, found: "JSON that is not a list of records")
    }
    func number(_ value: Any?) -> Double { (value as? NSNumber)?.doubleValue ?? .nan }
    // The last iteration of a record, or the record itself in newer files.
    let measured = rows.map { ($0["itr"] as? [[String: Any]])?.last ?? $0 }
    var data = Minflux()
    data.places = (0..<3).map { axis in
      measured.map { row in
        let place = row["loc"] as? [Any]
        return place.flatMap { axis < $0.count ? number($0[axis]) : nil } ?? .nan
      }
    }
    func column(_ rows: [[String: Any]], _ name: String) -> [Double]? {
      rows.contains { $0[name] is NSNumber } ? rows.map { number($0[name]) } : nil
    }
    data.take(scalars: { column(rows, $0) }, last: { column(measured, $0) })
    return try data.table(path: path, options: options)
  }

  // MARK: MATLAB

  /// nil if the file holds something else.
  static func read(matlab file: MATFile, path: String, options: TableOptions) throws
    -> Localizations?
  {
    let names = scalars + measured + ["itr", "vld", "fnl", "loc"]
    let variables = try file.variables(Set(names))
    let inner = variables["itr"]?.structure
    guard let place = inner?["loc"] ?? variables["loc"],
      case .numbers(let shape, let values) = place, let rows = shape.first, shape.count > 1,
      shape.last == 3, !values.isEmpty
    else { return nil }
    var data = Minflux()
    // Column-major: records, iterations, axes.
    let step = values.count / 3
    data.places = (0..<3).map { axis in
      Array(values[(axis + 1) * step - rows..<(axis + 1) * step])
    }
    func scalar(_ name: String) -> [Double]? {
      variables[name]?.numbers.flatMap { $0.count == rows ? $0 : nil }
    }
    func last(_ name: String) -> [Double]? {
      (inner?[name] ?? variables[name])?.numbers.flatMap { values in
        values.count >= rows && values.count % rows == 0 ? Array(values.suffix(rows)) : nil
      }
    }
    data.take(scalars: scalar, last: last)
    return try data.table(path: path, options: options)
  }

  // MARK: Rows

  private mutating func take(
    scalars: (String) -> [Double]?, last: (String) -> [Double]?
  ) {
    for name in Self.scalars { if let values = scalars(name) { columns.append((name, values)) } }
    for name in Self.measured { if let values = last(name) { columns.append((name, values)) } }
    let rows = places.first?.count ?? 0
    isValid = Array(repeating: true, count: rows)
    for name in ["vld", "fnl"] {
      guard let values = scalars(name), values.count == rows else { continue }
      for row in values.indices where values[row] == 0 { isValid[row] = false }
    }
  }

  private func table(path: String, options: TableOptions) throws -> Localizations {
    guard places.count == 3 else {
      throw TableError.unknownKind(path: path, found: "records without positions (loc)")
    }
    let rows = isValid.indices.filter { isValid[$0] }
    func chosen(_ values: [Double]) -> [Double] { rows.map { values[$0] } }
    var names = [TableDialect.Column]()
    var values: [[Double]] = []
    for (name, place) in zip(["x", "y", "z"], places) {
      let column = chosen(place)
      // In two dimensions all heights are 0.
      if name == "z", column.allSatisfy({ $0 == 0 || $0.isNaN }) { continue }
      names.append(TableDialect.Column(name: name, unit: "m"))
      values.append(column)
    }
    for (name, column) in columns where column.count == isValid.count {
      names.append(TableDialect.Column(name: name))
      values.append(chosen(column))
    }
    return try TableDialect.minflux.table(
      names, values, template: Localizations(), path: path, options: options)
  }
}
