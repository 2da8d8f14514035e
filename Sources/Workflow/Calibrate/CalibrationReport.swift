import Foundation
import Microscopy
import Optics
import Reporting

/// The report of a PSF calibration, written by `glint calibrate psf --json`.
public struct CalibrationReport: Codable, Sendable {
  public struct BeadRow: Codable, Sendable {
    public var stack: String
    package var bead: Bead
    public var used: Bool
    /// The reason for rejection, as text.
    public var reason: String?
  }

  public var version = glintVersion
  public var settings: PSFCalibrationSettings
  public var stacks: [String]
  public var model: CalibratePSFJob.Model
  /// What moved up from plane to plane.
  public var scan: CalibratePSFJob.Scan
  /// The z step that would turn z the other way, nm.
  var turnedStep: Double
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
  package var light: [PSFCalibration.Light]
  public var notes: [String]

  enum CodingKeys: String, CodingKey {
    case version, settings, stacks, model, scan
    case turnedStep = "turned_z_step"
    case inPhotons = "in_photons"
    case beads, used, convention
    case trustedRange = "trusted_range"
    case trustedRangeEnds = "trusted_range_ends"
    case heightError = "height_error"
    case halvesCorrelation = "halves_correlation"
    case astigmatic, widths, check
    case astigmaticCheck = "astigmatic_check"
    case light, notes
  }

  init(
    _ calibration: PSFCalibration, stacks: [String], model: CalibratePSFJob.Model,
    scan: CalibratePSFJob.Scan, turnedStep: Double, inPhotons: Bool
  ) {
    settings = calibration.settings
    self.stacks = stacks
    self.model = model
    self.scan = scan
    self.turnedStep = turnedStep
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
    light = calibration.light
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
  ///
  /// - Parameter listsRejected: a line for every bead that was not used.
  public func lines(listsRejected: Bool = false) -> [Message] {
    func text(_ value: Double, _ digits: Int = 0) -> String {
      String(format: "%.\(digits)f", value)
    }
    func range(_ z: ClosedRange<Double>) -> String {
      "\(text(z.lowerBound)) to \(text(z.upperBound)) nm"
    }
    let (grows, moved) =
      scan == .objective
      ? ("last plane to the first", "the objective moved up, or the sample down")
      : ("first plane to the last", "the sample moved up, or the objective down")
    var lines: [Message] = [
      "z            grows from the \(grows) (\(moved)); if not so, give \(.zStep) "
        + "\(turnedStep.field.words)"
    ]
    let faults = beads.compactMap(\.bead.fault)
    let reasons = faults.isEmpty ? "" : ": \(BeadFault.summary(faults))"
    lines.append(
      "beads        \(used) used, \(faults.count) rejected\(reasons)"
        + (faults.isEmpty || listsRejected ? "" : " (each with \(.listRejected))"))
    for row in beads where listsRejected {
      guard let reason = row.reason else { continue }
      lines.append(
        "  rejected   \(row.stack) at (\(text(row.bead.x, 1)), \(text(row.bead.y, 1))) px: \(reason)"
      )
    }
    let least = light.filter { trustedRange.contains($0.z) }.map(\.box).min()
    lines.append(
      Message("box          \(settings.roi) px")
        + Message(least.map { ", with \(Int(100 * $0)) % of the light or more" } ?? ""))
    lines.append("z range      \(range(trustedRange)) can be trusted")
    lines.append("  below      \(trustedRangeEnds[0])")
    lines.append("  above      \(trustedRangeEnds[1])")
    lines.append("z of beads   recovered with \(text(heightError, 1)) nm rms error")
    let bounds = (model == .astigmatic ? astigmaticCheck ?? check : check).bounds
    let inside = bounds.filter { trustedRange.contains($0.z) }
    if let middle = inside.min(by: { abs($0.z) < abs($1.z) }), let error = middle.zError {
      lines.append(
        "√CRLB z      \(text(error, 1)) nm at z = \(text(middle.z)), at most \(text(inside.compactMap(\.zError).max() ?? error, 1)) nm in the range (1000 photons, background 10, box \(check.box))"
      )
    }
    if let halves = halvesCorrelation {
      lines.append("halves       correlation between two halves of the beads \(text(halves, 4))")
    }
    lines.append("convention   \(convention)")
    return lines + notes.map { "note         \($0)" }
  }
}
