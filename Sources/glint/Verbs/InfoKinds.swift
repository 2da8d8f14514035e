import Formats
import Foundation
import Microscopy
import Networks
import Reporting
import Workflow

/// The files besides movies that `glint info` describes.
enum InfoKinds {
  /// A kind of file: what it says about one of its kind, or its error.
  private typealias Describe = () throws -> [(String, String)]

  /// Describes a file that is not a movie.
  ///
  /// - Parameter error: why it is no movie.
  /// - Throws: the error that tells most about the file.
  static func describe(
    _ file: String, reading: TableReading, notMovie error: any Error
  ) throws -> [(String, String)] {
    var tableError: (any Error)?
    do { return try table(file, options: reading.options()) } catch { tableError = error }
    let kinds: [(kind: TextKind?, describe: Describe)] = [
      (.psf, { try psf(CalibrationFiles.read(file)) }),
      (
        .recipe,
        {
          guard Outputs.isOutput(file) else { return try recipe(RecipeFile(path: file)) }
          return try output(RecipeFile(path: file))
        }
      ),
      (.camera, { try camera(CameraFiles.read(file)) }), (nil, { try weights(file) }),
    ]
    var errors: [(kind: TextKind?, error: any Error)] = []
    for (kind, describe) in kinds {
      do { return try describe() } catch { errors.append((kind, error)) }
    }
    throw mostTelling(file, error, tableError, errors)
  }

  /// The error of the reader that knows the file; the list of what Glint reads if none does.
  private static func mostTelling(
    _ file: String, _ movieError: any Error, _ tableError: (any Error)?,
    _ errors: [(kind: TextKind?, error: any Error)]
  ) -> any Error {
    guard let movie = movieError as? MovieError, movie.kind == .unknown else { return movieError }
    if let kind = TextKind(path: file), let own = errors.first(where: { $0.kind == kind }) {
      return own.error
    }
    guard case .unknownKind(_, let found)? = tableError as? TableError else {
      return tableError ?? movieError
    }
    // Of files that are not text, a reader knows its own.
    let known = errors.lazy.map(\.error).first { error in
      switch error {
      case CalibrationFileError.unknownKind, CameraFileError.unknownKind, WeightError.unknownKind:
        false
      case is CalibrationFileError, is CameraFileError, is WeightError: !TextKind.isText(file)
      default: false
      }
    }
    return known ?? UnknownKind(file: file, found: found)
  }

  private static func table(_ file: String, options: TableOptions) throws -> [(String, String)] {
    do {
      return describe(try Tables.read(file, options: options, observer: Terminal()))
    } catch TableError.pixelSizeUnknown {
      // Shown in nm, by reading it with a pixel of 1 nm.
      var options = options
      options.pixelSize = 1
      return describe(
        try Tables.read(file, options: options, observer: Terminal()),
        lateral: Microscopy.Unit.nanometre.rawValue)
    }
  }

  private static func describe(
    _ table: Localizations, lateral: String = Microscopy.Unit.pixel.rawValue
  ) -> [(String, String)] {
    var fields = [
      ("kind", "localization table"), ("rows", "\(table.count)"),
      (
        "columns",
        table.quantities.map { "\($0.name) [\($0.unit.rawValue)]" }.joined(separator: ", ")
      ),
    ]
    if let first = table.frame.min(), let last = table.frame.max() {
      fields.append(("frames", "\(first)…\(last), counted from 0"))
    }
    for quantity in [Quantity.x, .y, .z] {
      let values = table[quantity]?.filter(\.isFinite)
      if let values, let low = values.min(), let high = values.max() {
        let unit = quantity == .z ? Microscopy.Unit.nanometre.rawValue : lateral
        fields.append((quantity.name, String(format: "%.3f…%.3f ", low, high) + unit))
      }
    }
    return fields
  }

  private static func psf(_ psf: CalibratedPSF) -> [(String, String)] {
    var fields = [("kind", "PSF calibration")]
    switch psf {
    case .astigmatic: fields.append(("model", "astigmatic Gaussian"))
    case .spline(let spline):
      fields.append(
        ("model", "cubic spline of \(spline.columns)×\(spline.rows)×\(spline.planes) cells"))
    }
    let range = psf.zRange
    fields.append(("z range", String(format: "%.0f…%.0f nm", range.lowerBound, range.upperBound)))
    fields.append(("z", psf.axial.summary))
    if let size = psf.pixelSize { fields.append(("pixel size", "\(size) nm")) }
    return fields
  }

  private static func camera(_ file: (camera: Camera, maps: CameraMaps?)) -> [(String, String)] {
    if let maps = file.maps {
      return [("kind", "camera maps"), ("size", "\(maps.width)×\(maps.height) px")]
    }
    let camera = file.camera
    return [
      ("kind", "camera"), ("offset", "\(camera.offset) ADU"), ("gain", "\(camera.gain) ADU/e⁻"),
      ("em gain", "\(camera.emGain)"), ("qe", "\(camera.quantumEfficiency)"),
      ("read noise", "\(camera.readNoise) e⁻"),
    ]
  }

  private static func recipe(_ file: RecipeFile) -> [(String, String)] {
    [
      ("kind", "recipe"),
      ("method", file.recipe.network.map { "network \($0.name ?? $0.weights)" } ?? "spot fitting"),
      ("fields", file.statement.paths.sorted().joined(separator: ", ")),
    ]
  }

  private static func output(_ file: RecipeFile) -> [(String, String)] {
    [("kind", "output of Glint")] + recipe(file).dropFirst()
  }

  private static func weights(_ file: String) throws -> [(String, String)] {
    let weights = try WeightFile.read(file)
    let fits = Systems.all.filter { (try? Model($0, weights, settings: "")) != nil }.map { $0.name }
    // Any HDF5 file with arrays reads like weights of a network that is not known.
    guard
      weights.configuration != nil || weights.graph != nil || !fits.isEmpty
        || !WeightFile.isHDF5(file)
    else { throw UnknownKind(file: file, found: "an HDF5 file of arrays") }
    var fields = [
      ("kind", "network weights"), ("tensors", "\(weights.tensors.count)"),
      ("numbers", "\(weights.count)"),
    ]
    if let network = weights.configuration?.system { fields.append(("network", network)) }
    if !fits.isEmpty { fields.append(("fits", fits.joined(separator: ", "))) }
    return fields
  }

}

/// A file of no kind that Glint reads.
private struct UnknownKind: Fault {
  let file: String
  let found: String

  var message: Message { "\(file): unknown kind of file: \(found)" }
  var remedy: Message? {
    """
    movies: \(Movies.formats.joined(separator: ", ")); \
    tables: \(Tables.readableKinds.joined(separator: ", ")); \
    PSFs: \(CalibrationFiles.readableKinds.joined(separator: ", ")); \
    also cameras, network weights and recipes
    """
  }
}
