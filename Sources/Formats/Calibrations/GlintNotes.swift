import Foundation
import Microscopy

/// Metadata that Glint adds to other programs' calibration files, under the key "glint": the
/// properties of a spline PSF that the format cannot hold.
struct GlintNotes: Codable {
  var version = glintVersion
  var centreX: Double?
  var centreY: Double?
  var zRange: ClosedRange<Double>?
  var starts: [Double]?
  var pixelSize: Double?
  var axial: AxialConvention?
  var steps: [ProvenanceStep]?

  enum CodingKeys: String, CodingKey {
    case version
    case centreX = "centre_x"
    case centreY = "centre_y"
    case zRange = "z_range"
    case starts
    case pixelSize = "pixel_size"
    case axial, steps
  }

  init(_ psf: SplinePSF, provenance: [ProvenanceStep]) {
    centreX = psf.centreX
    centreY = psf.centreY
    zRange = psf.zRange
    starts = psf.starts
    pixelSize = psf.pixelSize
    axial = psf.axial
    steps = provenance
  }

  /// Empty if the text has none: the file was then written by another program.
  init(json: String) {
    struct Outer: Decodable { var glint: GlintNotes? }
    let decoder = JSONDecoder()
    self =
      (try? decoder.decode(Outer.self, from: Data(json.utf8)))?.glint ?? GlintNotes(version: "")
  }

  private init(version: String) { self.version = version }

  /// A JSON object of `fields` and of these notes.
  func json(with fields: [String: Any]) throws -> String {
    var fields = fields
    fields["glint"] = try JSONSerialization.jsonObject(with: JSONEncoder().encode(self))
    let data = try JSONSerialization.data(
      withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  /// The PSF of a table of coefficients. Defaults for missing notes: the molecule is at the centre,
  /// and the whole grid is valid.
  ///
  /// Throws `CalibrationFileError` if a z value of the file at `path` is not valid.
  func complete(
    _ layout: SplineLayout, path: String, zStep: Double, firstZ: Double, origin: String,
    pixelSize: Double? = nil, indexFactor: Double = 1
  ) throws -> SplinePSF {
    guard abs(firstZ) < 1e9, zStep < 1e9 else {
      throw CalibrationFileError.impossible(
        path: path, reason: "its first plane lies at z = \(firstZ) nm, the next \(zStep) nm away")
    }
    return SplinePSF(
      columns: layout.columns, rows: layout.rows, planes: layout.planes,
      coefficients: layout.coefficients, zStep: zStep, firstZ: firstZ,
      centreX: centreX ?? Double(layout.columns / 2), centreY: centreY ?? Double(layout.rows / 2),
      zRange: zRange, starts: starts ?? [], pixelSize: self.pixelSize ?? pixelSize,
      axial: axial ?? AxialConvention(origin: origin, indexFactor: indexFactor))
  }
}
