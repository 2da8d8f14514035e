import Foundation
import Microscopy
import Optics

/// The report of a PSF calibration, written by `glint calibrate psf --json`.
public struct CalibrationReport: Codable, Sendable {
  public struct BeadRow: Codable, Sendable {
    public var stack: String
    package var bead: Bead
    public var used: Bool
    /// The reason for rejection, as text.
    public var reason: String?
  }

  public struct EdgeRow: Codable, Sendable {
    public var z: Double
    /// Light of a pixel at the edge of the box, relative to an average pixel.
    public var part: Double
  }

  public var version = glintVersion
  public var settings: PSFCalibrationSettings
  public var stacks: [String]
  public var model: CalibratePSFJob.Model
  public var scan: CalibratePSFJob.Scan
  /// Whether pixels were converted to photons; otherwise light is in camera counts.
  public var inPhotons: Bool
  public var beads: [BeadRow]
  public var used: Int
  /// The convention of z.
  public var convention: String
  public var trustedRange: ClosedRange<Double>
  /// Why the range ends below and above.
  public var trustedRangeEnds: [String]
  /// Error of the beads' z in the trusted range, nm rms.
  public var heightError: Double
  public var halvesCorrelation: Double?
  public var astigmatic: AstigmaticPSF?
  package var widths: [WidthSample]
  package var check: AxialCheck
  package var astigmaticCheck: AxialCheck?
  public var edge: [EdgeRow]
  public var notes: [String]

  enum CodingKeys: String, CodingKey {
    case version, settings, stacks, model, scan
    case inPhotons = "in_photons"
    case beads, used, convention
    case trustedRange = "trusted_range"
    case trustedRangeEnds = "trusted_range_ends"
    case heightError = "height_error"
    case halvesCorrelation = "halves_correlation"
    case astigmatic, widths, check
    case astigmaticCheck = "astigmatic_check"
    case edge, notes
  }

  init(
    _ calibration: PSFCalibration, settings: PSFCalibrationSettings, stacks: [String],
    model: CalibratePSFJob.Model, scan: CalibratePSFJob.Scan, inPhotons: Bool
  ) {
    self.settings = settings
    self.stacks = stacks
    self.model = model
    self.scan = scan
    self.inPhotons = inPhotons
    beads = calibration.beads.map {
      BeadRow(
        stack: stacks[$0.stack], bead: $0, used: $0.fault == nil,
        reason: $0.fault.map { "\($0)" })
    }
    used = calibration.used
    convention = calibration.spline.axial.summary
    let check =
      model == .astigmatic ? calibration.astigmaticCheck ?? calibration.check : calibration.check
    trustedRange = check.trusted
    trustedRangeEnds = check.ends
    heightError = check.rms
    halvesCorrelation = calibration.halvesCorrelation
    astigmatic = calibration.astigmatic
    widths = calibration.widths
    self.check = calibration.check
    astigmaticCheck = calibration.astigmaticCheck
    edge = calibration.edge.map { EdgeRow(z: $0.z, part: $0.part) }
    notes = calibration.notes
    if model == .astigmatic, check.rms > 2 * calibration.check.rms {
      notes.insert(
        String(
          format: "Gaussian widths recover z within %.0f nm rms, a spline within %.0f nm: ",
          check.rms, calibration.check.rms) + "the PSF is not Gaussian, prefer -o psf.hdf5", at: 0)
    }
  }

  public func json() throws -> Data { try JSONEncoder.indented.encode(self) }

  /// The report as a few lines of text.
  public var lines: [String] {
    func text(_ value: Double, _ digits: Int = 0) -> String {
      String(format: "%.\(digits)f", value)
    }
    var lines = ["beads        \(used) used, \(beads.count - used) rejected"]
    for row in beads {
      guard let reason = row.reason else { continue }
      lines.append(
        "  rejected   \(row.stack) at (\(text(row.bead.x, 1)), \(text(row.bead.y, 1))) px: \(reason)"
      )
    }
    lines.append(
      "z range      \(text(trustedRange.lowerBound)) to \(text(trustedRange.upperBound)) nm can be "
        + "trusted")
    lines.append("  below      \(trustedRangeEnds[0])")
    lines.append("  above      \(trustedRangeEnds[1])")
    lines.append("z of beads   recovered with \(text(heightError, 1)) nm rms error")
    let bounds = (model == .astigmatic ? astigmaticCheck ?? check : check).bounds
    let inside = bounds.filter { trustedRange.contains($0.z) }
    if let middle = inside.min(by: { abs($0.z) < abs($1.z) }), let error = middle.zError {
      lines.append(
        "√CRLB z      \(text(error, 1)) nm at z = \(text(middle.z)), at most "
          + "\(text(inside.compactMap(\.zError).max() ?? error, 1)) nm in the range (1000 photons, "
          + "background 10, box \(check.box))")
    }
    if let halves = halvesCorrelation {
      lines.append("halves       correlation between two halves of the beads \(text(halves, 4))")
    }
    lines.append("convention   \(convention)")
    return lines + notes.map { "note         \($0)" }
  }
}
