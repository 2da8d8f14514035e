import Containers
import Foundation
import Microscopy

/// Reads and writes PSF calibrations of all supported formats.
///
/// ```swift
/// let psf = try CalibrationFiles.read("beads_3dcal.mat")
/// try CalibrationFiles.write(psf, to: "psf.hdf5")
/// ```
public enum CalibrationFiles {
  package static let readableKinds = [
    "Picasso _3d_calib.yaml", "Picasso _spline_calib.hdf5", "SMAPpy spline calibration .h5",
    "SMAP _3dcal.mat (v5 and v7.3)",
  ]
  package static let writableKinds = [
    ".yaml holds an astigmatic PSF (as Picasso)", ".hdf5 a spline PSF (as Picasso)",
    ".h5 a spline PSF as SMAPpy keeps it",
  ]

  /// Reads a calibration; the format is detected from the content.
  ///
  /// Files whose z decreases with the plane are reversed, so that z always increases; a mirrored
  /// SMAP calibration is mirrored back. Throws `CalibrationFileError`, which names the first
  /// invalid value and its position.
  public static func read(_ path: String) throws -> CalibratedPSF {
    let psf = try contents(path)
    if let problem = psf.problem {
      throw CalibrationFileError.impossible(path: path, reason: problem)
    }
    return psf
  }

  private static func contents(_ path: String) throws -> CalibratedPSF {
    let head = try CalibrationFileError.head(of: path)
    return try CalibrationFileError.reading(path) {
      if head.starts(with: Array("MATLAB 7.3 MAT-file".utf8)) {
        return .spline(try SMAPCalibration.read(path, hdf5: true))
      }
      if head.starts(with: Array("MATLAB 5.0 MAT-file".utf8)) {
        return .spline(try SMAPCalibration.read(path, hdf5: false))
      }
      if head.starts(with: [0x89, 0x48, 0x44, 0x46]) {
        let file = try HDF5File(path: path)
        if let psf = try SMAPpySpline.read(file, path: path) { return .spline(psf) }
        if let psf = try PicassoSpline.read(file, path: path) { return .spline(psf) }
        throw CalibrationFileError.unknownKind(
          path: path,
          found: "an HDF5 file without spline coefficients "
            + "(\(try file.names().prefix(8).joined(separator: ", ")))")
      }
      guard !head.contains(0) else {
        throw CalibrationFileError.unknownKind(
          path: path, found: "binary content of an unknown kind")
      }
      return .astigmatic(try PicassoAstigmatism.read(path))
    }
  }

  /// Writes a calibration; the extension selects the format.
  ///
  /// Throws `CalibrationFileError` if the format cannot hold the PSF, and `OutputError`.
  public static func write(
    _ psf: CalibratedPSF, to path: String, provenance: [ProvenanceStep] = [],
    overwrite: Bool = false
  ) throws {
    if let problem = psf.problem {
      throw CalibrationFileError.unwritable(path: path, reason: problem)
    }
    switch (psf, try kind(of: path)) {
    case (.astigmatic(let psf), .picassoYAML):
      try PicassoAstigmatism.write(psf, to: path, provenance: provenance, overwrite: overwrite)
    case (.spline(let psf), .picassoHDF5):
      try PicassoSpline.write(psf, to: path, provenance: provenance, overwrite: overwrite)
    case (.spline(let psf), .smappy):
      try SMAPpySpline.write(psf, to: path, provenance: provenance, overwrite: overwrite)
    case (.astigmatic, _):
      throw CalibrationFileError.unwritable(
        path: path, reason: "this format can only hold a spline PSF")
    case (.spline, _):
      throw CalibrationFileError.unwritable(path: path, reason: "YAML cannot hold a spline PSF")
    }
  }

  /// The file formats that can be written.
  package enum Kind: Sendable {
    case picassoYAML
    case picassoHDF5
    case smappy
  }

  /// The format for the extension of an output. Throws `CalibrationFileError`.
  package static func kind(of path: String) throws -> Kind {
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "yaml", "yml": return .picassoYAML
    case "hdf5": return .picassoHDF5
    case "h5": return .smappy
    default:
      throw CalibrationFileError.unwritable(
        path: path, reason: "its extension does not match a calibration format")
    }
  }
}
