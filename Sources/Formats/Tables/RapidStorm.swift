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
      TableDialect.Column(
        name: attribute("identifier", in: text), unit: attribute("unit", in: text))
    }
    try DelimitedTable.read(
      reader, style: DelimitedScanner.Style(delimiter: 32),
      columns: try dialect.uses(of: Array(fields), path: path, options: options),
      firstFrame: try dialect.firstFrame(path: path, options: options),
      template: Localizations(field: FieldOfView(pixelSize: options.pixelSize)), path: path, body)
  }

  private static func attribute(_ name: String, in text: String) -> String {
    guard let start = text.range(of: " \(name)=\"") ?? text.range(of: "\(name)=\"") else {
      return ""
    }
    return String(text[start.upperBound...].prefix { $0 != "\"" })
  }

  /// PSFWidth is the full width at half maximum.
  private static let dialect: TableDialect = {
    typealias Meaning = TableDialect.Meaning
    let fullWidth = (8 * log(2.0)).squareRoot()
    return TableDialect(
      name: "rapidSTORM txt",
      meanings: [
        Meaning(.x, nil, "position_0_0"), Meaning(.y, nil, "position_1_0"),
        Meaning(.z, nil, "position_2_0"), Meaning(.xError, nil, "position_0_0_uncertainty"),
        Meaning(.yError, nil, "position_1_0_uncertainty"),
        Meaning(.zError, nil, "position_2_0_uncertainty"),
        Meaning(.photons, nil, "amplitude_0_0"), Meaning(.background, nil, "localbackground_0_0"),
        Meaning(.sigmaX, nil, "psfwidth_0_0", multiple: fullWidth),
        Meaning(.sigmaY, nil, "psfwidth_1_0", multiple: fullWidth),
      ], frames: ["imagenumber_0_0"], origin: 0, firstFrame: 0)
  }()
}
