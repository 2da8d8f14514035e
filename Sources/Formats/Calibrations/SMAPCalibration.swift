import Containers
import Foundation
import Microscopy

/// The structure `cspline` in SMAP's `_3dcal.mat` and in the calibrations of stand-alone
/// fit3Dcspline.
///
/// `coeff` is rows × columns × planes × 64 in MATLAB's order; its first axis is the image's rows. z
/// decreases with the plane, z = −(plane − z0) · dz. The grid is one channel and one region of the
/// field; if `parameters.emmirror` is set, its images were mirrored in x.
enum SMAPCalibration {
  /// The content that both file formats provide.
  private struct Content {
    /// rows, columns, planes, 64; the first index fastest.
    var shape: [Int]
    var coefficients: [Double]
    var dz: Double
    var z0: Double
    var mirrored: Bool
  }

  static func read(_ path: String, hdf5: Bool) throws -> SplinePSF {
    let content = try hdf5 ? fromHDF5(path) : fromMAT(path)
    let shape = content.shape
    guard shape.count == 4, shape[3] == 64, shape[..<3].allSatisfy({ $0 > 0 }),
      shape.reduce(1, *) == content.coefficients.count
    else {
      throw CalibrationFileError.damaged(
        path: path, reason: "cspline.coeff has the size \(shape), not rows × columns × planes × 64")
    }
    guard content.dz > 0, content.dz.isFinite, content.z0.isFinite else {
      throw CalibrationFileError.impossible(
        path: path, reason: "cspline.dz \(content.dz) nm, z0 \(content.z0) is not valid")
    }
    var layout = SplineLayout(
      smap: content.coefficients, rows: shape[0], columns: shape[1], planes: shape[2])
    if content.mirrored { layout = layout.columnsReversed() }
    var psf = try GlintNotes(json: "").complete(
      layout.planesReversed(), path: path, zStep: content.dz,
      firstZ: (content.z0 - Double(shape[2])) * content.dz,
      origin: "plane \(content.z0) of the SMAP calibration")
    if content.mirrored { psf.centreX = Double(psf.columns) - psf.centreX }
    return psf
  }

  private static func channels(_ count: Int, _ path: String) -> CalibrationFileError {
    .unsupported(
      path: path, what: "it holds \(count) channels",
      hint: "Glint fits one channel; save the calibration of a single channel")
  }

  private static func regions(_ count: Int, _ path: String) -> CalibrationFileError {
    .unsupported(
      path: path, what: "it holds \(count) regions of the field",
      hint: "calibrate in SMAP without spatial regions")
  }

  private static func incomplete(_ path: String, _ what: String) -> CalibrationFileError {
    .unknownKind(path: path, found: "a MATLAB file without \(what)")
  }

  // MARK: v5

  private static func fromMAT(_ path: String) throws -> Content {
    let variables = try MATFile(InputFile.contents(of: path)).variables([
      "SXY", "cspline", "parameters",
    ])
    var owner: [String: MATFile.Value] = variables
    if case .structures(let shape, let regions)? = variables["SXY"] {
      guard regions.count == 1 else { throw Self.regions(shape.reduce(1, *), path) }
      owner = regions[0]
    }
    guard case .structures(_, let splines)? = owner["cspline"], let spline = splines.first else {
      throw incomplete(path, "SXY.cspline")
    }
    func number(_ value: MATFile.Value?) -> Double? {
      if case .numbers(_, let values)? = value { return values.first }
      return nil
    }
    var coefficients = spline["coeff"]
    if case .cells(_, let channels)? = coefficients {
      guard channels.count == 1 else { throw Self.channels(channels.count, path) }
      coefficients = channels[0]
    }
    guard case .numbers(let shape, let values)? = coefficients, let dz = number(spline["dz"]),
      let z0 = number(spline["z0"])
    else { throw incomplete(path, "cspline.coeff, dz and z0") }
    var mirrored = false
    if case .structures(_, let parameters)? = variables["parameters"] {
      mirrored = number(parameters.first?["emmirror"]).map { $0 != 0 } ?? false
    }
    return Content(shape: shape, coefficients: values, dz: dz, z0: z0, mirrored: mirrored)
  }

  // MARK: v7.3, which is HDF5: indices in reverse order, cells as references

  private static func fromHDF5(_ path: String) throws -> Content {
    let file = try HDF5File(path: path)
    let owner = try file.has("SXY") ? "SXY/" : ""
    if !owner.isEmpty, try !file.has("SXY/cspline/coeff") {
      // An array of structures keeps each field as references.
      if let fields = try? file.dataset("SXY/cspline") {
        throw regions(fields.shape.reduce(1, *), path)
      }
    }
    func number(_ name: String) throws -> Double? {
      guard try file.has(name), let data = try file.dataset(name), data.shape.reduce(1, *) == 1
      else {
        return nil
      }
      return try data.numbers().first
    }
    guard var data = try file.dataset(owner + "cspline/coeff"),
      let dz = try number(owner + "cspline/dz"), let z0 = try number(owner + "cspline/z0")
    else { throw incomplete(path, "SXY.cspline with coeff, dz and z0") }
    if data.isReference {
      let channels = try file.targets(of: data)
      guard channels.count == 1 else { throw Self.channels(channels.count, path) }
      data = channels[0]
    }
    return Content(
      shape: data.shape.reversed(), coefficients: try data.numbers(), dz: dz, z0: z0,
      mirrored: try number("parameters/emmirror").map { $0 != 0 } ?? false)
  }
}
