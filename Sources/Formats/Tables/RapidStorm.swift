import Foundation
import Microscopy

/// rapidSTORM's text table: a first line of XML with the columns, then blank-separated rows.
///
/// Positions are in nm from the centre of the first pixel (the stated range of an image of n pixels
/// is n − 1 pixels), frames count from 0, and amplitudes are camera counts.
enum RapidStorm {
  static func read(
    _ path: String, options: TableOptions, _ body: (Localizations) throws -> Void
  ) throws {
    let reader = try LineReader(path: path)
    let header = try reader.line() ?? ""
    if header.dropFirst(3).contains("<localizations") {
      throw TableError.unknownKind(
        path: path, found: "rapidSTORM tracks, whose rows differ in length")
    }
    let fields = header.components(separatedBy: "<field ").dropFirst().map { text in
      (name: attribute("identifier", in: text), unit: attribute("unit", in: text))
    }
    var taken: Set<Quantity> = []
    let columns = try fields.map { field -> TextColumn in
      if field.name == "ImageNumber-0-0" { return .frame }
      if let target = names[field.name],
        var conversion = try FileUnit.conversion(
          from: field.unit, to: target, path: path, options: options),
        taken.insert(target).inserted
      {
        // PSFWidth is the full width at half maximum.
        if field.name.hasPrefix("PSFWidth") { conversion.divide *= (8 * log(2.0)).squareRoot() }
        return .quantity(target, conversion)
      }
      let foreign = Quantity("\(field.name) [\(field.unit)]", .none)
      guard taken.insert(foreign).inserted else {
        throw TableError.badRow(
          path: path, line: 1, reason: "two columns are named \(field.name)")
      }
      return .quantity(foreign, Conversion())
    }
    var missing = [Quantity.x, .y].filter { !taken.contains($0) }.map { "Position (\($0.name))" }
    if columns.count(where: { $0 == .frame }) != 1 { missing.append("ImageNumber-0-0") }
    guard missing.isEmpty else {
      throw TableError.missingColumns(path: path, missing: missing, found: fields.map(\.name))
    }
    try DelimitedTable.read(
      reader, delimiter: 32, columns: columns, firstFrame: 0,
      template: Localizations(field: FieldOfView(pixelSize: options.pixelSize)), path: path, body)
  }

  private static func attribute(_ name: String, in text: String) -> String {
    guard let start = text.range(of: " \(name)=\"") ?? text.range(of: "\(name)=\"") else {
      return ""
    }
    return String(text[start.upperBound...].prefix { $0 != "\"" })
  }

  private static let names: [String: Quantity] = [
    "Position-0-0": .x, "Position-1-0": .y, "Position-2-0": .z,
    "Position-0-0-uncertainty": .xError, "Position-1-0-uncertainty": .yError,
    "Position-2-0-uncertainty": .zError, "Amplitude-0-0": .photons,
    "LocalBackground-0-0": .background, "PSFWidth-0-0": .sigmaX, "PSFWidth-1-0": .sigmaY,
  ]
}
