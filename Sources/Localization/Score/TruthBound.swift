import Microscopy
import Optics
import Reporting

/// The optics with which the truth was imaged, to compute the best possible precision for each
/// molecule.
///
/// The Cramér–Rao bound is computed for the true position, photons and background, in a box around
/// the molecule. Unlike the errors in a table, it does not depend on the fit that is scored.
public struct TruthBound: Sendable {
  public static let sigma = Setting<Double?>(
    .psfSigma, title: "psf σ", unit: "px", standard: nil,
    allowed: .optional(GaussianFit.sigma.allowed), "the same for a Gaussian PSF of this σ")
  public static let box = Setting(
    .box, unit: "px", standard: 13, allowed: .odd(3...99), "side of the fit box for that bound")

  private let psf: CalibratedPSF?
  private let gaussian: GaussianPSF
  private let box: Int
  private let camera: Camera
  private let maps: CameraMaps?

  /// - Parameters:
  ///   - psf: the PSF if z is fitted; nil for a Gaussian of known width.
  ///   - gaussian: the spot without z.
  ///   - box: side of the fit box, px.
  ///   - camera: the camera that recorded the movie.
  ///   - maps: camera maps of the whole frame; they replace the camera's offset, gain and read
  ///     noise.
  /// - Throws: `SettingsError` for a value out of range.
  public init(
    psf: CalibratedPSF?, gaussian: GaussianPSF = GaussianPSF(sigma: 1.3), box: Int, camera: Camera,
    maps: CameraMaps? = nil
  ) throws(SettingsError) {
    try Self.sigma.check(gaussian.sigmaX)
    try Self.box.check(box)
    self.psf = psf
    self.gaussian = gaussian
    self.box = box
    self.camera = camera
    self.maps = maps
  }

  /// Standard errors of x, y (px) and z (nm) for rows of the truth; nil if a box extends beyond the
  /// maps or there is no information.
  func errors(of truth: Localizations, rows: [Int]) throws(ScoreError) -> [Bound] {
    guard let x = truth[.x], let y = truth[.y], let photons = truth[.photons],
      let background = truth[.background]
    else {
      throw ScoreError(
        "the truth has no photons and background, which the bound requires",
        hint: "omit \(.psf), or score against simulated truth")
    }
    let z = truth[.z]
    if psf != nil, z == nil { throw ScoreError("the truth has no z, and the PSF depends on it") }
    return rows.map {
      bound(x: x[$0], y: y[$0], z: z?[$0] ?? 0, photons: photons[$0], background: background[$0])
    }
  }

  /// The smallest possible standard errors for one molecule; nil if unknown.
  struct Bound {
    var x: Double?
    var y: Double?
    var z: Double?

    subscript(_ quantity: Quantity) -> Double? {
      quantity == .x ? x : quantity == .y ? y : z
    }
  }

  private func bound(
    x: Double, y: Double, z: Double, photons: Double, background: Double
  ) -> Bound {
    // No frame reaches that far, and larger numbers do not fit into an Int.
    guard abs(x) < 1e9, abs(y) < 1e9 else { return Bound() }
    let left = Int(x.rounded()) - box / 2
    let top = Int(y.rounded()) - box / 2
    var noise = PixelNoise(camera)
    if let maps {
      let region = PixelRegion(x: left, y: top, width: box, height: box)
      guard let part = maps.cropped(to: region) else { return Bound() }
      noise = PixelNoise(part, quantumEfficiency: camera.quantumEfficiency)
    }
    let (u, v) = (x - Double(left), y - Double(top))
    guard let psf else {
      let bound = CramerRaoBound(
        psf: gaussian, x: u, y: v, photons: photons, background: background, box: box,
        noise: noise)
      return Bound(x: bound?[.x], y: bound?[.y])
    }
    let factor = psf.axial.indexFactor
    let bound = CramerRaoBound(
      psf: psf, x: u, y: v, z: z / factor, photons: photons, background: background, box: box,
      noise: noise)
    return Bound(x: bound?[.x], y: bound?[.y], z: bound?[.z].map { $0 * factor })
  }
}
