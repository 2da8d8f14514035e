import Microscopy
import Optics
import Reporting

extension Statement {
  /// The settings that a PSF suggests: the box that contains its light, and the detector psf if it
  /// has several peaks.
  ///
  /// - Parameters:
  ///   - said: statements with higher precedence.
  ///   - psf: the content of the PSF file.
  package init(choicesOf psf: CalibratedPSF, after said: [Statement]) {
    self.init(.file("the PSF"))
    func value<Value>(of setting: Setting<Value>) -> Value? {
      said.lazy.compactMap { $0.value(of: setting) }.first
    }
    let own = value(of: FitSettings.box)
    let box = own ?? FitSettings.usualBox(psf)
    if own == nil { say(FitSettings.box, box) }
    let axial = value(of: FitSettings.axial) ?? FitSettings.axial.standard
    guard axial == .fitted, value(of: DetectionSettings.detectorKind) == nil else { return }
    say(DetectionSettings.detectorKind, Detector.usual(for: psf, box: box)?.kind)
  }
}

/// The requirements of a PSF that depends on z on the other settings.
extension FitSettings {
  /// The default fit box of a PSF, px: 13; larger if that contains less than 60 % of its light,
  /// smaller if a spline's grid is too small.
  package static func usualBox(_ psf: CalibratedPSF) -> Int {
    guard case .spline(let spline) = psf, psf.problem == nil else { return 13 }
    let widest = max(widestBox(spline), 3)
    return stride(from: min(13, widest), through: widest, by: 2).first { box in
      lightSeen(psf, box: box).allSatisfy { $0.part >= 0.6 }
    } ?? widest
  }

  /// The largest box that leaves one pixel on every side of a spline's grid, px, odd.
  private static func widestBox(_ spline: SplinePSF) -> Int {
    guard spline.reach.isFinite, spline.reach >= 1 else { return 1 }
    return Int(min(spline.reach - 1, 15)) * 2 + 1
  }

  /// The PSF as these settings can use it, and a remark if its z range is limited.
  ///
  /// Throws `SettingsError` if z cannot be obtained with this PSF.
  package func usable(
    _ psf: CalibratedPSF
  ) throws(SettingsError) -> (psf: CalibratedPSF, limit: Message?) {
    if let problem = psf.problem {
      throw SettingsError("the PSF is invalid: \(problem)", hint: "calibrate it again from beads")
    }
    if case .widths(let fit, _) = spot {
      guard case .astigmatic = psf else {
        throw SettingsError(
          "z from widths requires the width curves of an astigmatic PSF, not a spline",
          hint: "omit \(.axial): a spline fit includes z")
      }
      guard fit.widths == .elliptical else {
        throw SettingsError(
          "z from widths requires one width per axis, not \(fit.widths.rawValue)",
          hint: "use \(.widths) elliptical")
      }
      return (psf, nil)
    }
    if case .spline(let spline) = psf {
      let room = spline.reach - Double(box / 2)
      guard room >= 1 else {
        let widest = Self.widestBox(spline)
        throw SettingsError(
          "a box of \(box) px is too large for the PSF's grid of "
            + "\(spline.columns)×\(spline.rows) px",
          hint: widest >= 3
            ? "use \(.box) \(widest) or less, or calibrate a wider PSF"
            : "calibrate a wider PSF")
      }
    }
    return try limited(psf)
  }

  /// The PSF in the range of z in which the box contains at least half of a molecule's light.
  private func limited(
    _ psf: CalibratedPSF
  ) throws(SettingsError) -> (psf: CalibratedPSF, limit: Message?) {
    let seen = Self.lightSeen(psf, box: box, steps: 64)
    guard let least = seen.min(by: { !($0.part >= $1.part) }), !(least.part >= 0.5) else {
      return (psf, nil)
    }
    let what: Message = """
      the PSF is wider than the box: \(box)×\(box) px hold \((100 * least.part).rounded().field.words) \
      % of its light at z = \(least.z.rounded().field.words) nm
      """
    // The longest run of heights.
    let runs = seen.split { !($0.part >= 0.5) }
    guard let run = runs.max(by: { $0.count < $1.count }), run.count > 1,
      let first = run.first, let last = run.last
    else { throw SettingsError(what, hint: "use a larger \(.box)") }
    let range = first.z...last.z
    var psf = psf
    psf.zRange = range
    let ends = [range.lowerBound, range.upperBound].map { $0.rounded().field.words }
    let words: Message = "z is limited to \(ends[0])...\(ends[1]) nm: "
    return (psf, words + what + "; a larger \(.box) would reach further")
  }

  /// The fraction of a molecule's light in a box around it, at even steps of z through the range.
  private static func lightSeen(
    _ psf: CalibratedPSF, box: Int, steps: Int = 8
  ) -> [(z: Double, part: Double)] {
    let range = psf.zRange
    return (0...steps).map { step in
      let share = Double(step) / Double(steps)
      let z = range.lowerBound + share * (range.upperBound - range.lowerBound)
      let all: Double
      switch psf {
      case .astigmatic: all = 1
      case .spline(let spline): all = spline.light(at: z)
      }
      let half = box / 2
      let seen = psf.shares(columns: -half..<half + 1, rows: -half..<half + 1, x: 0, y: 0, z: z)
        .reduce(0) { $0 + $1.value }
      return (z, all > 0 ? seen / all : 0)
    }
  }
}
