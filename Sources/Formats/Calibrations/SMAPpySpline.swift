import Containers
import Foundation
import Microscopy

/// SMAPpy's spline calibration: an HDF5 file with `coeff` [64, z, y, x] and its conventions in
/// attributes.
///
/// z is the height of the molecule and decreases with the plane, z = −(plane − z0) · dz. The
/// molecule is at the centre of the grid.
enum SMAPpySpline {
  private static let format = "smappy-spline-calibration"
  private static let order = "64,z,y,x;16*pz+4*py+px"

  /// nil for a file of another format.
  static func read(_ file: HDF5File, path: String) throws -> SplinePSF? {
    guard try file.text("format") == format else { return nil }
    for (name, expected) in [
      ("coefficient_order", order), ("lateral_unit", "pixel"), ("axial_unit", "nm"),
    ] {
      let found = try file.text(name)
      guard found == expected else {
        throw CalibrationFileError.unsupported(
          path: path, what: "\(name) is \(found ?? "missing"), not \(expected)",
          hint: "this is a later version of SMAPpy's format; please report it")
      }
    }
    guard let dz = try file.number("dz"), let z0 = try file.number("z0"), dz > 0, dz.isFinite,
      z0.isFinite
    else {
      throw CalibrationFileError.damaged(
        path: path, reason: "its attributes dz or z0 are not numbers")
    }
    guard let data = try file.dataset("coeff"), data.shape.count == 4, data.shape[0] == 64,
      data.shape[1...].allSatisfy({ $0 > 0 })
    else { throw CalibrationFileError.damaged(path: path, reason: "coeff is not [64, z, y, x]") }
    var layout = SplineLayout(
      termsFirst: try data.numbers(), columns: data.shape[3], rows: data.shape[2],
      planes: data.shape[1])
    if try file.number("em_mirror") == 1 { layout = layout.columnsReversed() }
    let notes = GlintNotes(json: try file.dataset("parameters_json")?.text() ?? "")
    return try notes.complete(
      layout.planesReversed(), path: path, zStep: dz, firstZ: (z0 - Double(data.shape[1])) * dz,
      origin: "plane \(z0) of the SMAPpy calibration")
  }

  static func write(
    _ psf: SplinePSF, to path: String, provenance: [ProvenanceStep], overwrite: Bool
  ) throws {
    let layout = SplineLayout(
      columns: psf.columns, rows: psf.rows, planes: psf.planes, coefficients: psf.coefficients
    ).planesReversed()
    let file = try H5Output(
      path: path, bytes: psf.coefficients.count * 4, overwrite: overwrite)
    try file.attribute("format", format)
    try file.attribute("version", 1)
    try file.attribute("coefficient_order", order)
    try file.attribute("lateral_unit", "pixel")
    try file.attribute("axial_unit", "nm")
    try file.attribute("dz", psf.zStep)
    try file.attribute("z0", psf.firstZ / psf.zStep + Double(psf.planes))
    try file.attribute("x0", psf.centreX)
    try file.attribute("em_mirror", truth: false)
    try file.dataset(
      "coeff", shape: [64, psf.planes, psf.rows, psf.columns], layout.termsFirst)
    try file.text("parameters_json", GlintNotes(psf, provenance: provenance).json(with: [:]))
    try file.commit()
  }
}
