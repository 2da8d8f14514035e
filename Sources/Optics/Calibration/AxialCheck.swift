import Foundation
import Microscopy

/// The accuracy of z when the calibration beads themselves are fitted with the PSF made from them,
/// and the limit that photon statistics set.
package struct AxialCheck: Codable, Sendable {
  /// One plane of one bead.
  package struct Recovered: Codable, Hashable, Sendable {
    package var bead: Int
    /// Height according to the stage, and to the fit, nm.
    package var z: Double
    package var fitted: Double
    /// Fitted position minus the bead's, px.
    package var x: Double
    package var y: Double
  }

  /// Cramér–Rao bounds (standard errors) for 1000 photons over a background of 10, in the check's
  /// box.
  package struct Bound: Codable, Hashable, Sendable {
    package var z: Double
    /// px, px, nm; nil if the information matrix is singular.
    package var x: Double?
    package var y: Double?
    package var zError: Double?

    enum CodingKeys: String, CodingKey {
      case z, x, y
      case zError = "z_error"
    }
  }

  package var box: Int
  package var recovered: [Recovered]
  package var bounds: [Bound]
  /// The range in which fitted heights are correct and the light distinguishes them, nm.
  package var trusted: ClosedRange<Double>
  /// Error of the heights in the trusted range, nm rms.
  package var rms: Double
  /// Heights at which fits should start; empty if one start is enough.
  package var starts: [Double]
  /// Why the trusted range ends where it does, at its lower and upper end.
  package var ends: [String]
}

/// Fits planes of beads with a PSF.
struct AxialChecker {
  private let alignment: BeadAlignment
  private let stacks: [BeadStack]
  private let heights: [Double]
  private let box: Int
  private let settings: PSFCalibrationSettings

  /// The light that the beads' box must hold at a trusted height, relative to the height at which it
  /// holds most. Real astigmatic beads with wide tails fall to 0.6 at 600 nm in a box of 2.5 µm, and
  /// their heights still come back within 4 nm.
  static let leastLight = 0.55

  init(
    _ alignment: BeadAlignment, _ stacks: [BeadStack], heights: [Double], box: Int,
    settings: PSFCalibrationSettings
  ) {
    self.alignment = alignment
    self.stacks = stacks
    self.heights = heights
    self.box = box
    self.settings = settings
  }

  /// The heights that a PSF gives, and where they are right.
  struct Measurement {
    let model: String
    let recovered: [AxialCheck.Recovered]
    let bounds: [AxialCheck.Bound]
    let starts: [Double]
    /// Why z cannot be trusted at the height of each bound; nil where it can. Light outside the box
    /// is not considered.
    let verdicts: [String?]

    /// The longest range in which z is right; nil if there is none.
    var range: ClosedRange<Double>? {
      let (first, last) = longestRun(verdicts.map { $0 == nil })
      return last > first ? bounds[first].z...bounds[last].z : nil
    }
  }

  func measure(_ calibrated: CalibratedPSF) throws -> Measurement {
    var psf = calibrated
    let range = psf.zRange
    let span = range.upperBound - range.lowerBound
    let starts = starts(psf, range)
    var model = "astigmatic PSF"
    if case .spline(var spline) = psf {
      model = "spline"
      spline.starts = starts
      psf = .spline(spline)
    }
    let recovered = try recover(psf)
    let step = max(span / 100, 5)
    let middle = Double(box - 1) / 2
    let bounds = stride(from: range.lowerBound, through: range.upperBound, by: step).map { z in
      let bound = CramerRaoBound(
        psf: psf, x: middle, y: middle, z: z, photons: 1000, background: 10, box: box)
      return AxialCheck.Bound(z: z, x: bound?[.x], y: bound?[.y], zError: bound?[.z])
    }
    return Measurement(
      model: model, recovered: recovered, bounds: bounds, starts: starts,
      verdicts: verdicts(bounds, recovered, span: span, step: step))
  }

  /// The trusted range: heights are right, and the box holds the light.
  ///
  /// Throws `PSFCalibrationError` if there is none.
  func check(_ measured: Measurement, _ light: BeadLight) throws -> AxialCheck {
    let bounds = measured.bounds
    let verdicts = zip(bounds, measured.verdicts).map { bound, verdict -> String? in
      let part = light.part(at: bound.z)
      guard verdict == nil, part < Self.leastLight else { return verdict }
      return "the box of \(settings.roi) px holds only \(Int(100 * part)) % of the light that it "
        + "holds in focus"
    }
    let (first, last) = longestRun(verdicts.map { $0 == nil })
    guard last > first else {
      throw PSFCalibrationError(
        "z cannot be recovered by the \(measured.model): \(verdicts.compactMap { $0 }.first ?? "no planes")",
        hint: measured.range == nil
          ? "check that the PSF changes with z, and check the z step and the order of the planes"
          : "choose a larger box with \(.roi)")
    }
    let trusted = bounds[first].z...bounds[last].z
    let inside = measured.recovered.filter { trusted.contains($0.z) }
    let end = "the recording of the beads ends there"
    return AxialCheck(
      box: box, recovered: measured.recovered, bounds: bounds, trusted: trusted,
      rms: Statistics.mean(inside.map { ($0.fitted - $0.z) * ($0.fitted - $0.z) }).squareRoot(),
      starts: measured.starts.filter(trusted.contains),
      ends: [
        first == 0 ? end : verdicts[first - 1] ?? end,
        last == bounds.count - 1 ? end : verdicts[last + 1] ?? end,
      ])
  }

  private func verdicts(
    _ bounds: [AxialCheck.Bound], _ recovered: [AxialCheck.Recovered], span: Double, step: Double
  ) -> [String?] {
    let least = Statistics.quantile(bounds.compactMap(\.zError), 0.1)
    // Heights that are mere guesses have errors of about a third of the range.
    let allowed = min(settings.heightError, span / 8)
    // There is a plane of a bead at least this close to every height.
    let window = max(2 * step, span / 40, heights[1] - heights[0])
    return bounds.map { bound in
      guard let error = bound.zError, error <= min(4 * least, span / 3) else {
        return "the images no longer distinguish z"
      }
      let near = recovered.filter { abs($0.z - bound.z) <= window }
      guard !near.isEmpty else { return "no fit of the beads converges" }
      let rms = Statistics.mean(near.map { ($0.fitted - $0.z) * ($0.fitted - $0.z) })
        .squareRoot()
      return rms <= allowed
        ? nil
        : "z of the beads is recovered with an error of \(Int(rms.rounded())) nm, more than the "
          + "accepted \(Int(allowed.rounded())) nm"
    }
  }

  private func recover(_ psf: CalibratedPSF) throws -> [AxialCheck.Recovered] {
    var spots: [[Float]] = []
    var keys: [(bead: Int, z: Double, x: Double, y: Double)] = []
    for index in alignment.used {
      let bead = alignment.beads[index]
      let place = alignment.parts[index]!.place
      // The crop is centred on the pixel nearest to the bead's position.
      let crop = stacks[bead.stack].crop(
        x: Int((bead.x - place.x).rounded()), y: Int((bead.y - place.y).rounded()), side: box)
      for k in heights.indices where psf.zRange.contains(heights[k] - place.z) {
        spots.append(crop[k * box * box..<(k + 1) * box * box].map(Float.init))
        keys.append((index, heights[k] - place.z, place.x, place.y))
      }
    }
    let fit = AxialFit(psf, box: box)
    let found = try SpotRun.parameters(of: spots, box: box) { graph, spots, total in
      let tables = try fit.apply(to: &graph, spots: spots, total: total)
      return (tables.theta, tables.state)
    }
    return zip(keys, found).compactMap { key, theta in
      theta.map {
        AxialCheck.Recovered(
          bead: key.bead, z: key.z, fitted: $0[4], x: $0[0] - key.x, y: $0[1] - key.y)
      }
    }
  }

  /// Heights whose images resemble those of a distant height need their own start: those from which
  /// a noiseless fit that starts in the middle does not converge correctly. Starts an eighth of the
  /// range apart are tried; the result is empty if all converge.
  private func starts(
    _ psf: some PointSpreadFunction, _ range: ClosedRange<Double>
  ) -> [Double] {
    let span = range.upperBound - range.lowerBound
    let middle = Double(box - 1) / 2
    let count = 9
    let images = (0..<count).map { i -> (z: Double, image: [Double]) in
      let z = range.lowerBound + (Double(i) + 0.5) / Double(count) * span
      return (
        z,
        psf.shares(columns: 0..<box, rows: 0..<box, x: middle, y: middle, z: z).map(\.value)
      )
    }
    // Ambiguous if an image is more similar to one three steps away than to one in between.
    let ambiguous = (0..<count).contains { a in
      (0..<count).contains { b in
        guard abs(a - b) >= 3 else { return false }
        let far = Statistics.correlation(images[a].image, images[b].image)
        let between =
          (min(a, b) + 1..<max(a, b)).map {
            Statistics.correlation(images[a].image, images[$0].image)
          }.min() ?? 1
        return far > between + 0.02
      }
    }
    return ambiguous ? stride(from: 0, to: count, by: 2).map { images[$0].z } : []
  }
}

/// First and last index of the longest run of true; the last is before the first if there is none.
private func longestRun(_ good: [Bool]) -> (Int, Int) {
  var best = (0, -1)
  var start = 0
  for (index, isGood) in good.enumerated() {
    if !isGood { start = index + 1 }
    if index - start > best.1 - best.0 { best = (start, index) }
  }
  return best
}
