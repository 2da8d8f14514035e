import Foundation
import Microscopy
import Reporting

/// Makes PSFs from stacks of beads.
///
/// ```swift
/// let calibration = try PSFCalibrator(PSFCalibrationSettings(zStep: 10)).calibrate([stack])
/// calibration.spline.zRange
/// ```
package struct PSFCalibrator: Sendable {
  package let settings: PSFCalibrationSettings

  package init(_ settings: PSFCalibrationSettings) { self.settings = settings }

  /// The part of the light that a box which may grow holds at every trusted height.
  static let wantedLight = 0.9

  /// - Parameter stacks: all with the same number of planes; z increases from plane to plane.
  /// - Throws: `SettingsError`, `PSFCalibrationError`.
  package func calibrate(_ stacks: [BeadStack]) throws -> PSFCalibration {
    try settings.check()
    try check(stacks)
    let planes = stacks[0].planes
    let heights = (0..<planes).map {
      (Double($0) - Double(planes - 1) / 2) * settings.zStep
    }
    var alignment = try aligned(stacks, heights)
    let focus = try centred(&alignment, stacks, heights)
    alignment.describe()
    let volume = SplineVolume(alignment, settings: settings)
    guard volume.planes >= 4 else {
      throw PSFCalibrationError(
        "the beads have \(volume.planes) planes in common, \(Int(volume.zStep)) nm apart",
        hint:
          "at least four are needed: record more planes, or exclude beads that lie far apart in z")
    }
    let axial = AxialConvention(
      direction: .molecule, origin: focus.words, indexFactor: settings.indexFactor)
    var spline = try volume.spline(pixelSize: settings.pixelSize, axial: axial)
    let light = BeadLight(
      alignment, stacks, heights: heights, box: settings.roi,
      limit: Self.widestBox + 2 * BeadFinder.margin)
    let edge = volume.edge
    let checker = AxialChecker(
      alignment, stacks, heights: heights, box: fitBox, settings: settings)
    let measured = try checker.measure(.spline(spline))
    if let wider = wider(light, over: measured.range ?? spline.zRange),
      let result = try? PSFCalibrator(wider).calibrate(stacks)
    {
      return result
    }
    try refuseWide(edge)
    let check = try checker.check(measured, light)
    spline.zRange = check.trusted
    spline.starts = check.starts
    let samples = try widths(alignment, stacks, heights)
    var result = PSFCalibration(
      settings: settings, spline: spline, astigmatic: nil, beads: alignment.beads,
      widths: samples, check: check,
      light: edge.map {
        PSFCalibration.Light(z: $0.z, box: light.part(at: $0.z), edge: $0.part)
      },
      notes: [],
      projections: stacks.map { ($0.width, $0.height, $0.projection.map(Float.init)) })
    result.beads = result.beads.map { bead in
      var bead = bead
      bead.light = bead.light.map { $0 * volume.light }
      return bead
    }
    if let psf = astigmatic(samples, axial),
      let check = try? checker.check(checker.measure(.astigmatic(psf)), light)
    {
      result.astigmatic = psf
      result.astigmatic?.zRange = check.trusted
      result.astigmaticCheck = check
    }
    result.halvesCorrelation = SplineVolume.halves(alignment, settings: settings, check.trusted)
    result.notes = remarks(result)
    return result
  }

  /// The settings with a larger box, if it may grow, should, and has the room.
  private func wider(
    _ light: BeadLight, over range: ClosedRange<Double>
  ) -> PSFCalibrationSettings? {
    guard let limit = settings.roiLimit else { return nil }
    let room = light.widest - 2 * BeadFinder.margin
    let side = min(light.side(holding: Self.wantedLight, over: range), limit, room)
    guard side > settings.roi else { return nil }
    var wider = settings
    (wider.roi, wider.roiLimit) = (side, nil)
    return wider
  }

  /// The largest side of the box around a bead, px.
  package static let widestBox = 61

  /// Side of the boxes in checks and bounds: as large as the spline allows with shifts of a pixel.
  package var fitBox: Int { max(5, min(settings.roi - 4, 21)) }

  private func check(_ stacks: [BeadStack]) throws {
    guard let first = stacks.first else {
      throw PSFCalibrationError("no stack is given", hint: "give one or more z-stacks of beads")
    }
    for stack in stacks {
      guard stack.planes == first.planes else {
        throw PSFCalibrationError(
          "\(first.name) has \(first.planes) planes, \(stack.name) has \(stack.planes)",
          hint: "calibrate only stacks of the same scan together")
      }
      guard stack.planes >= 7 else {
        throw PSFCalibrationError(
          "\(stack.name) has \(stack.planes) planes, too few for a curve along z",
          hint: "record a z-stack of at least 7 planes, better 50 to 200")
      }
      let side = settings.roi + 2 * BeadFinder.margin
      guard stack.width >= side, stack.height >= side else {
        throw PSFCalibrationError(
          "\(stack.name) has \(stack.width)×\(stack.height) px, a bead needs \(side)×\(side)",
          hint:
            "choose a smaller box: \(.roi) \(max(9, (min(stack.width, stack.height) - 3) / 2 * 2 + 1))"
        )
      }
    }
  }

  private func aligned(
    _ stacks: [BeadStack], _ heights: [Double]
  ) throws -> BeadAlignment {
    let finder = BeadFinder(roi: settings.roi)
    let beads = stacks.enumerated().flatMap { finder.beads(in: $1, index: $0) }
    guard !beads.isEmpty else {
      throw PSFCalibrationError(
        "no beads were found in \(stacks.map(\.name).joined(separator: ", "))",
        hint: "check that this is a stack of beads; use a longer exposure or brighter beads")
    }
    guard beads.contains(where: { $0.fault == nil }) else { throw nothingUsable(beads) }
    let side = settings.roi + 2 * BeadFinder.margin
    let curves = stacks.enumerated().map { index, stack in
      BackgroundCurve(stack, beads: beads.filter { $0.stack == index }, roi: settings.roi)
    }
    var crops: [[Double]?] = []
    var backgrounds: [[Double]] = []
    for bead in beads {
      guard bead.fault == nil else {
        crops.append(nil)
        backgrounds.append([])
        continue
      }
      let crop = stacks[bead.stack].crop(
        x: Int(bead.x.rounded()), y: Int(bead.y.rounded()), side: side)
      let background = curves[bead.stack].levels ?? BackgroundCurve.border(of: crop, side: side)
      let size = side * side
      crops.append(crop.indices.map { crop[$0] - background[$0 / size] })
      backgrounds.append(background)
    }
    var alignment = BeadAlignment(
      beads: beads, crops: crops, backgrounds: backgrounds, side: side, heights: heights,
      zStep: max(settings.knotSpacing, settings.zStep))
    alignment.align()
    guard !alignment.used.isEmpty else { throw nothingUsable(alignment.beads) }
    return alignment
  }

  private func nothingUsable(_ beads: [Bead]) -> PSFCalibrationError {
    let counts = BeadFault.summary(beads.compactMap(\.fault))
    let hint: Message =
      if beads.allSatisfy({ $0.fault?.name == "overlapping" }) {
        "dilute the beads, or choose a smaller box with \(.roi)"
      } else if beads.allSatisfy({ $0.fault?.name == "saturated" }) {
        "lower the exposure or the light so that the brightest pixel stays below the camera's limit"
      } else if beads.allSatisfy({ $0.fault?.name == "border" }) {
        "choose a smaller box with \(.roi), or beads further inside"
      } else {
        "record beads that stand alone, are not saturated and do not move"
      }
    return PSFCalibrationError(
      "none of \(beads.count) beads can be used: \(counts)", hint: hint)
  }

  /// Moves the field's origin to where positions and heights are to be zero.
  private func centred(
    _ alignment: inout BeadAlignment, _ stacks: [BeadStack], _ heights: [Double]
  ) throws -> (z: Double, words: String) {
    var origin = (z: 0.0, words: "the middle plane of the bead stack")
    if settings.origin != .middle {
      var focus: (z: Double, words: String)
      if let crossing = try crossing(alignment, stacks, heights) {
        focus = (crossing, "the height at which the widths along x and y are equal")
      } else {
        focus = (
          SplineVolume.sharpest(alignment, heights), "the height at which the PSF is sharpest"
        )
      }
      let hasLobes = SplineVolume.peaks(alignment, z: focus.z) > 1
      if settings.origin == .focus || !hasLobes { origin = focus }
    }
    let centre = SplineVolume.centre(alignment, z: origin.z)
    alignment.moveOrigin(to: BeadField.Place(x: centre.x, y: centre.y, z: origin.z))
    return origin
  }

  private func refuseWide(_ edge: [(z: Double, part: Double)]) throws {
    let best = edge.map(\.part).min() ?? 0
    guard best < 0.35 else {
      throw PSFCalibrationError(
        "the PSF is wider than the box of \(settings.roi) px: at its edge a pixel still has "
          + "\(Int(100 * best)) % of the light of an average pixel, at every height",
        hint:
          "choose a larger box, for example \(.roi) \(min(Self.widestBox, settings.roi * 3 / 2 / 2 * 2 + 1))"
      )
    }
  }
}
