import Microscopy
import Reporting

/// A PSF that depends on z, as stated in settings.
public enum DepthPSF: Codable, Hashable, Sendable {
  case astigmatic(AstigmaticPSF)
  case pupil(PupilPSF)
  case lobes(RotatingLobes)
  /// A calibration file; the caller reads it.
  case file(path: String)
}

/// z of the frames of a bead stack.
public struct ZStack: Codable, Hashable, Sendable {
  public static let step = Setting<Double?>(
    .zStep, title: "z step", unit: "nm", standard: nil,
    allowed: .optional(Allowed("in 1...10000, or the same below 0") { 1...10000 ~= abs($0) }),
    "distance between the planes of a bead stack; negative if the scan goes down",
    remedy: "bead stacks usually have 10 to 200 nm")

  /// z of frame 0, nm.
  public var first: Double
  /// Change from each frame to the next, nm.
  public var step: Double

  public init(first: Double, step: Double) {
    self.first = first
    self.step = step
  }
}

/// Draws molecules: light on the pixels around a position.
enum MoleculeImage: Sendable {
  case gaussian(GaussianPSF)
  case astigmatic(AstigmaticPSF)
  case table(TabulatedPSF)
  case spline(SplinePSF)

  /// - Parameter calibrated: the content of the file that the settings name.
  init(_ settings: SimulationSettings, calibrated: CalibratedPSF?) throws(SettingsError) {
    switch settings.depthPSF {
    case nil: self = .gaussian(settings.psf)
    case .astigmatic(let psf): self = .astigmatic(psf)
    case .pupil(let psf): self = .table(psf.tabulated(zRange: settings.depths))
    case .lobes(let psf):
      do {
        self = .spline(try psf.spline(zRange: settings.depths, pixelSize: settings.pixelSize))
      } catch { throw SettingsError("cannot simulate: \(error.message)", hint: nil) }
    case .file(let path):
      switch calibrated {
      case .astigmatic(let psf): self = .astigmatic(psf)
      case .spline(let psf): self = .spline(psf)
      case nil: throw SettingsError("cannot simulate: \(path) was not read", hint: nil)
      }
    }
  }

  /// Converts z in tables to z of the calibration.
  private var indexFactor: Double {
    switch self {
    case .gaussian, .table: 1
    case .astigmatic(let psf): psf.axial.indexFactor
    case .spline(let psf): psf.axial.indexFactor
    }
  }

  /// Range of molecules, nm in the units of tables; nil if the PSF does not depend on z.
  var zRange: ClosedRange<Double>? {
    let own: ClosedRange<Double>
    switch self {
    case .gaussian: return nil
    case .astigmatic(let psf): own = psf.zRange
    case .table(let psf): own = psf.zRange
    case .spline(let psf): own = psf.zRange
    }
    return own.lowerBound * indexFactor...own.upperBound * indexFactor
  }

  /// Calls `body` with a block of pixels and the share of light on each, row by row.
  func draw(
    x: Double, y: Double, z: Double, width: Int, height: Int,
    _ body: (_ columns: Range<Int>, _ rows: Range<Int>, UnsafeMutableBufferPointer<Double>) -> Void
  ) {
    switch self {
    case .gaussian(let psf): Self.draw(psf, x, y, width, height, body)
    case .astigmatic(let psf):
      Self.draw(psf.gaussian(at: z / indexFactor), x, y, width, height, body)
    case .table(let psf):
      let columns = psf.pixels(around: x, size: width)
      let rows = psf.pixels(around: y, size: height)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: columns.count * rows.count) {
        psf.draw(columns: columns, rows: rows, x: x, y: y, z: z, into: $0)
        body(columns, rows, $0)
      }
    case .spline(let psf):
      let columns = Self.pixels(x - psf.centreX, x - psf.centreX + Double(psf.columns), width)
      let rows = Self.pixels(y - psf.centreY, y - psf.centreY + Double(psf.rows), height)
      let shares = psf.shares(columns: columns, rows: rows, x: x, y: y, z: z / indexFactor)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: shares.count) { light in
        // A spline can ring below zero where there is almost no light.
        for (i, share) in shares.enumerated() { light[i] = max(0, share.value) }
        body(columns, rows, light)
      }
    }
  }

  /// Within five σ, which contain all but a millionth of the light.
  private static func draw(
    _ psf: GaussianPSF, _ x: Double, _ y: Double, _ width: Int, _ height: Int,
    _ body: (_ columns: Range<Int>, _ rows: Range<Int>, UnsafeMutableBufferPointer<Double>) -> Void
  ) {
    let columns = pixels(
      (x - 5 * psf.sigmaX).rounded(.down), (x + 5 * psf.sigmaX).rounded(.up), width)
    let rows = pixels(
      (y - 5 * psf.sigmaY).rounded(.down), (y + 5 * psf.sigmaY).rounded(.up), height)
    withUnsafeTemporaryAllocation(
      of: Double.self, capacity: columns.count * (rows.count + 1)
    ) { room in
      let profile = UnsafeMutableBufferPointer(rebasing: room[(columns.count * rows.count)...])
      let light = UnsafeMutableBufferPointer(rebasing: room[..<(columns.count * rows.count)])
      for (i, u) in columns.enumerated() {
        profile[i] = psf.profileX(at: u, centre: x).value
      }
      for (j, v) in rows.enumerated() {
        let share = psf.profileY(at: v, centre: y).value
        for i in 0..<columns.count {
          light[j * columns.count + i] = share * profile[i]
        }
      }
      body(columns, rows, light)
    }
  }

  /// The pixels from 0 to `size` whose centres are between two positions.
  private static func pixels(_ low: Double, _ high: Double, _ size: Int) -> Range<Int> {
    let first = max(0, Int(low.rounded(.up)))
    return first..<max(first, min(size, Int(high.rounded(.down)) + 1))
  }
}
