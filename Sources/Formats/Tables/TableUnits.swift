import Microscopy

/// Columns that occur only in files.
extension Quantity {
  /// Standard deviation of the residuals around a spot (ThunderSTORM's bkgstd).
  public static let backgroundDeviation = Quantity("bkgstd", .photon)
  /// Sum of squared residuals, weighted as in the fit (ThunderSTORM's chi2).
  public static let chiSquare = Quantity("chi2", .none)

  /// All known quantities, by name.
  static let known: [String: Quantity] = Dictionary(
    uniqueKeysWithValues: [
      x, y, z, photons, background, sigmaX, sigmaY, xError, yError, zError, photonsError,
      backgroundError, sigmaXError, sigmaYError, logLikelihoodRatio, reducedChiSquare, iterations,
      state, score, probability, id, detections, backgroundDeviation, chiSquare,
    ].map { ($0.name, $0) })
}

/// A conversion `value · multiply / divide + add`. Dividing by the pixel size, instead of
/// multiplying by its reciprocal, keeps whole pixels exact.
struct Conversion: Equatable {
  var multiply = 1.0
  var divide = 1.0
  var add = 0.0

  /// The converted values; the same ones if nothing changes.
  func applied(to values: [Double]) -> [Double] {
    if self == Conversion() { return values }
    return values.map { $0 * multiply / divide + add }
  }
}

extension Unit {
  var isLength: Bool { self == .pixel || self == .nanometre }
}

/// Units as spelled in files.
enum FileUnit {
  /// Nanometres per unit of length.
  static let lengths: [String: Double] = [
    "nm": 1, "nanometer": 1, "nanometre": 1, "um": 1e3, "µm": 1e3, "μm": 1e3, "\\u00b5m": 1e3,
    "micron": 1e3, "microns": 1e3, "micrometer": 1e3, "micrometre": 1e3, "mm": 1e6,
    "millimeter": 1e6, "millimetre": 1e6, "m": 1e9, "meter": 1e9, "metre": 1e9, "pm": 1e-3,
    "å": 0.1, "angstrom": 0.1,
  ]
  static let pixels: Set<String> = ["px", "pix", "pixel", "pixels"]
  static let photons: Set<String> = ["photon", "photons", "ph", "photon/px", "photons/px"]
  static let counts: Set<String> = ["adu", "a/d count", "count", "counts"]

  static func isLength(_ unit: String) -> Bool {
    let unit = unit.lowercased()
    return lengths[unit] != nil || pixels.contains(unit)
  }

  /// The conversion from `unit` to the unit of `quantity`; nil if it is unknown.
  ///
  /// Throws if only the pixel size is missing.
  static func conversion(
    from unit: String, to quantity: Quantity, path: String, options: TableOptions
  ) throws -> Conversion? {
    let unit = unit.lowercased()
    func pixelSize() throws -> Double {
      guard let size = options.pixelSize else { throw TableError.pixelSizeUnknown(path: path) }
      return size
    }
    switch quantity.unit {
    case .pixel:
      if pixels.contains(unit) { return Conversion() }
      return try lengths[unit].map { Conversion(multiply: $0, divide: try pixelSize()) }
    case .nanometre:
      if pixels.contains(unit) { return Conversion(multiply: try pixelSize()) }
      return lengths[unit].map { Conversion(multiply: $0) }
    case .photon, .photonPerPixel:
      if photons.contains(unit) { return Conversion() }
      return counts.contains(unit) ? options.photonsPerCount.map { Conversion(multiply: $0) } : nil
    case .degree:
      if unit == "rad" { return Conversion(multiply: 180, divide: .pi) }
      return unit == "deg" ? Conversion() : nil
    case .none: return Conversion()
    }
  }

  /// An unknown column: the file's name and, if Glint knows it, its unit.
  static func foreign(_ name: String, unit: String) -> Quantity {
    if unit.isEmpty { return Quantity(name, .none) }
    return Unit(rawValue: unit).map { Quantity(name, $0) } ?? Quantity("\(name) [\(unit)]", .none)
  }
}
