/// A point spread function of any shape as a tricubic spline: 64 coefficients in each cell of a grid.
///
/// Knot (i, j, k), with i along x, j along y and k along z, all from 0, holds the share of a molecule's
/// photons that falls on the pixel whose centre lies at (i − centreX, j − centreY) px from the
/// molecule, which is at z = firstZ + k · zStep nm. So the share at pixel (u, v) of a molecule at (x, y)
/// is the spline at (u − x + centreX, v − y + centreY). Cell (i, j, k) reaches from knot i to knot i + 1
/// on each axis, so `columns` cells have `columns` + 1 knots. A model is photons × spline + background.
///
/// The mathematics (interpolation, shares, bounds) is in `Optics`.
public struct SplinePSF: Hashable, Sendable {
  /// Cells along x, y and z.
  public let columns: Int
  public let rows: Int
  public let planes: Int
  /// [planes, rows, columns, 64], the last index fastest. In each cell coefficient
  /// 16 pz + 4 py + px multiplies δz^pz δy^py δx^px, with δ in 0...1 the place inside the cell.
  public var coefficients: [Float]
  /// Distance between planes of knots, nm, > 0; z increases with the plane index.
  public var zStep: Double
  /// z of the first plane of knots, nm.
  public var firstZ: Double
  /// The position of the molecule in the grid, px.
  public var centreX: Double
  public var centreY: Double
  /// The valid z range of the spline, nm, inside the grid; fits stay inside it.
  public var zRange: ClosedRange<Double>
  /// Start values of z, nm; the best fit is kept. Empty for one start value that is estimated from
  /// the spot's shape. A PSF that looks similar at two heights needs a start near each.
  public var starts: [Double]
  /// Pixel size in the sample plane, the unit of the grid, nm; nil if unknown.
  public var pixelSize: Double?
  public var axial: AxialConvention

  /// A spline with these properties. Without `zRange`, the whole grid is valid.
  public init(
    columns: Int, rows: Int, planes: Int, coefficients: [Float], zStep: Double, firstZ: Double,
    centreX: Double, centreY: Double, zRange: ClosedRange<Double>? = nil, starts: [Double] = [],
    pixelSize: Double? = nil, axial: AxialConvention = AxialConvention()
  ) {
    precondition(
      coefficients.count == columns * rows * planes * 64, "a cell has 64 coefficients")
    self.columns = columns
    self.rows = rows
    self.planes = planes
    self.coefficients = coefficients
    self.zStep = zStep
    self.firstZ = firstZ
    self.centreX = centreX
    self.centreY = centreY
    self.zRange = zRange ?? firstZ...max(firstZ, firstZ + Double(planes) * max(zStep, 0))
    self.starts = starts
    self.pixelSize = pixelSize
    self.axial = axial
  }

  /// z of the last plane of knots, nm.
  public var lastZ: Double { firstZ + Double(planes) * zStep }

  /// Distance from the molecule to the nearest edge of the grid, px.
  public var reach: Double {
    min(centreX, centreY, Double(columns) - centreX, Double(rows) - centreY)
  }

  /// The reason why the calibration is invalid; nil if it is valid.
  public var problem: String? {
    if columns < 3 || rows < 3 || planes < 1 {
      return "a spline of \(columns)×\(rows)×\(planes) cells is too small"
    }
    guard 1e-3...1e5 ~= zStep else { return "the z step \(zStep) nm is not in 0.001...100000" }
    guard abs(firstZ) <= 1e6, centreX.isFinite, centreY.isFinite, reach > 0 else {
      return "the centre (\(centreX), \(centreY)) px, first z \(firstZ) nm lies outside the grid"
    }
    if let problem = axialProblem(zRange, axial, pixelSize) { return problem }
    let slack = 1e-6 * zStep
    guard zRange.lowerBound >= firstZ - slack, zRange.upperBound <= lastZ + slack else {
      return "the z range \(zRange) nm leaves the spline, which reaches \(firstZ)...\(lastZ) nm"
    }
    if let start = starts.first(where: { !zRange.contains($0) }) {
      return "the start z = \(start) nm lies outside the z range \(zRange) nm"
    }
    // Shares of light and powers of a place inside a cell are at most 1.
    if let bad = coefficients.firstIndex(where: { !(abs($0) <= 1e6) }) {
      let cell = bad / 64
      let place = (cell % columns, cell / columns % rows, cell / columns / rows)
      return "coefficient \(bad % 64) of cell (x, y, z) = \(place) is "
        + (coefficients[bad].isFinite
          ? "\(coefficients[bad]), not within ±1000000" : "not a finite number")
    }
    guard coefficients.contains(where: { $0 != 0 }) else { return "the spline is zero everywhere" }
    return nil
  }
}
