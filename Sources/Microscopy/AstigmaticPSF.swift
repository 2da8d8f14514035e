/// A Gaussian spot with widths that depend on z, as produced by a cylindrical lens.
///
/// Widths in pixels, z in nm. The mathematics (shares of light, derivatives, bounds) is in `Optics`.
public struct AstigmaticPSF: Codable, Hashable, Sendable {
  public var x: WidthCurve
  public var y: WidthCurve
  /// The valid z range of the curves, nm; fits stay inside it.
  public var zRange: ClosedRange<Double>
  /// Pixel size in the sample plane, the unit of the widths, nm; nil if unknown.
  public var pixelSize: Double?
  public var axial: AxialConvention

  public init(
    x: WidthCurve, y: WidthCurve, zRange: ClosedRange<Double>, pixelSize: Double? = nil,
    axial: AxialConvention = AxialConvention(origin: "the crossing of the widths")
  ) {
    self.x = x
    self.y = y
    self.zRange = zRange
    self.pixelSize = pixelSize
    self.axial = axial
  }

  enum CodingKeys: String, CodingKey {
    case x, y
    case zRange = "z_range"
    case pixelSize = "pixel_size"
    case axial
  }

  /// The reason why the calibration is invalid; nil if it is valid.
  public var problem: String? {
    if let problem = axialProblem(zRange, axial, pixelSize) { return problem }
    for (axis, curve) in [("x", x), ("y", y)] {
      guard curve.numbers.allSatisfy(\.isFinite) else {
        return "the width curve of \(axis) contains a value that is not finite"
      }
      if let number = curve.numbers.first(where: { abs($0) > 1e6 }) {
        return "the width curve of \(axis) contains the value \(number), beyond ±1000000"
      }
      if case .defocus(_, _, let depth, let terms) = curve, depth == 0 || terms.count > 4 {
        return "the width curve of \(axis) has depth \(depth) and \(terms.count) higher terms"
      }
      if case .polynomial(let c) = curve, c.isEmpty || c.count > 7 {
        return "the width polynomial of \(axis) has \(c.count) coefficients, not 1 to 7"
      }
      for step in 0...200 {
        let z =
          zRange.lowerBound + Double(step) / 200 * (zRange.upperBound - zRange.lowerBound)
        let width = curve.width(at: z)
        guard width > 0.3, width < 30 else {
          return "the width of \(axis) is \(width) px at z = \(z) nm, inside the z range"
        }
      }
    }
    return nil
  }
}

/// The width of a spot along one axis as a function of z.
public enum WidthCurve: Codable, Hashable, Sendable {
  /// σ(z) = width · √(1 + X² + A X³ + B X⁴ + C X⁵ + D X⁶), X = (z − focus)/depth, `terms` = [A, B, C, D]
  /// or fewer; width in px, focus and depth in nm. Huang et al., Science 319, 810 (2008).
  case defocus(width: Double, focus: Double, depth: Double, terms: [Double])
  /// σ(z) = c₀ + c₁ z + c₂ z² + …, at most to the sixth power, px and nm (Picasso's form; its files
  /// have the highest power first).
  case polynomial([Double])

  var numbers: [Double] {
    switch self {
    case .defocus(let width, let focus, let depth, let terms): [width, focus, depth] + terms
    case .polynomial(let coefficients): coefficients
    }
  }

  /// σ at z (nm), px; NaN where the curve is not defined.
  public func width(at z: Double) -> Double {
    switch self {
    case .defocus(let width, let focus, let depth, let terms):
      let x = (z - focus) / depth
      let tail = terms.reversed().reduce(0) { $0 * x + $1 }
      return width * (1 + x * x * (1 + x * tail)).squareRoot()
    case .polynomial(let coefficients):
      return coefficients.reversed().reduce(0) { $0 * z + $1 }
    }
  }

  /// dσ/dz, px/nm.
  public func slope(at z: Double) -> Double {
    switch self {
    case .defocus(let width, let focus, let depth, let terms):
      let x = (z - focus) / depth
      var derivative = 2 * x
      var power = x * x
      for (n, term) in terms.enumerated() {
        derivative += Double(n + 3) * term * power
        power *= x
      }
      return width * width * derivative / (2 * depth * self.width(at: z))
    case .polynomial(let coefficients):
      return coefficients.enumerated().dropFirst().reversed().reduce(0) {
        $0 * z + Double($1.offset) * $1.element
      }
    }
  }
}

/// Checks of z range, factor and pixel size that all calibrations share.
func axialProblem(
  _ zRange: ClosedRange<Double>, _ axial: AxialConvention, _ pixelSize: Double?
) -> String? {
  guard zRange.lowerBound.isFinite, zRange.upperBound.isFinite,
    zRange.upperBound > zRange.lowerBound
  else { return "the z range \(zRange) nm is empty or not finite" }
  guard zRange.lowerBound >= -1e6, zRange.upperBound <= 1e6 else {
    return "the z range \(zRange) nm is not within ±1000000 nm"
  }
  guard axial.indexFactor > 1e-3, axial.indexFactor <= 10 else {
    return "the refractive-index factor \(axial.indexFactor) is not in 0.001...10"
  }
  if let pixelSize, !(1...1e5 ~= pixelSize) {
    return "the pixel size \(pixelSize) nm is not in 1...100000"
  }
  return nil
}
