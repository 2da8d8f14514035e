import ArgumentParser
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Workflow

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a table against ground truth, by the rules of the SMLM challenge.",
    discussion: """
      EXAMPLE:
        glint evaluate locs.csv truth.csv --pixel-size 100 --json score.json
        glint evaluate locs3d.csv truth.csv --axial-tolerance 500 --assignment optimal
      """)

  @Argument(help: "Localization table to score.") var locs: String
  @Argument(help: "Ground truth: any readable table, or a folder of per-frame challenge files.")
  var truth: String

  @OptionGroup var reading: TableReading
  @Option(ScoreSettings.assignment) var assignment: ScoreSettings.Assignment
  @Option(ScoreSettings.lateralTolerance) var tolerance: Double
  @Option(ScoreSettings.axialTolerance) var axialTolerance: Double
  @Option(ScoreSettings.border) var border: Double
  @Option(ScoreSettings.brightest, "0…1") var brightest: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "PSF of the movie: also report errors relative to the Cramér–Rao bound at the truth.",
      valueName: "file"))
  var psf: String?
  @Option(TruthBound.sigma) var psfSigma: Double?
  @Option(TruthBound.box) var box: Int
  @OptionGroup(title: "Camera for that bound") var camera: CameraOptions
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Range of frames, counted from 0; B is not included.", valueName: "A:B")
  )
  var frames: FrameRange?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Exit with 1 if the Jaccard index is below this.", valueName: "percent"))
  var minimumJaccard: Double?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Write the score as JSON.", valueName: "file"))
  var json: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Number of the first frame in the truth.", valueName: "n"))
  var truthFirstFrame: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Unit of positions in the truth, if its columns state none.", valueName: "nm|px|um"))
  var truthUnit: TableUnit?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Columns of the truth by their meaning.", valueName: "quantity=column,…"))
  var truthMap: String?
  @Flag(help: "Replace an existing JSON file.") var force = false

  func validate() throws {
    if psf != nil, psfSigma != nil {
      throw ValidationError("--psf-sigma cannot be combined with --psf")
    }
  }

  func run() throws {
    // Claims the output name before the work starts.
    let report = try json.map { try StagedFile(path: $0, overwrite: force) }
    var settings = ScoreSettings(
      assignment: assignment, lateralTolerance: tolerance, axialTolerance: axialTolerance,
      border: border)
    if let brightest { settings.molecules = .brightest(part: brightest) }
    if let frames { settings.frames = frames.first..<(frames.end ?? Int.max) }
    try settings.check()
    let bound = try bound()
    let found = try Tables.read(locs, options: reading.options(), observer: Terminal())
    var ofTruth = reading
    ofTruth.columns.firstFrame = truthFirstFrame
    ofTruth.columns.unit = truthUnit
    ofTruth.columns.map = truthMap
    let molecules = try Tables.read(truth, options: ofTruth.options(), observer: Terminal())
    let score = try Score(of: found, against: molecules, settings: settings, bound: bound)
    for line in Self.lines(score) { print(line) }
    for remark in score.remarks { say("note: \(remark.spelled)") }
    if let report {
      try report.write(JSONEncoder.indented.encode(score))
      try report.commit()
    }
    if let minimumJaccard, score.jaccard * 100 < minimumJaccard {
      say("the Jaccard index is below \(minimumJaccard) %")
      throw ExitCode(1)
    }
  }

  /// The optics for the bound; nil if no PSF is given.
  private func bound() throws -> TruthBound? {
    guard psf != nil || psfSigma != nil else { return nil }
    let (scalars, maps, _) = try camera.read()
    return try TruthBound(
      psf: try psf.map { try CalibrationFiles.read($0) },
      gaussian: GaussianPSF(sigma: psfSigma ?? 1),
      box: box, camera: scalars, maps: maps)
  }

  /// The score as lines of text.
  static func lines(_ score: Score) -> [String] {
    func percent(_ value: Double) -> String { String(format: "%.2f %%", 100 * value) }
    func nanometres(_ value: Double?) -> String {
      value.map { String(format: "%.2f nm", $0) } ?? "–"
    }
    func text(_ ratio: ErrorRatio?) -> String {
      ratio.map { String(format: "%.3f (robust %.3f)", $0.rms, $0.spread) } ?? "–"
    }
    func points(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "–" }
    let settings = score.settings
    let isAxial = score.z != nil
    var lines = [
      "Jaccard      \(percent(score.jaccard))   recall \(percent(score.recall))   "
        + "precision \(percent(score.precision))"
    ]
    if let close = score.closeJaccard {
      lines.append("             \(percent(close)) within \(Score.closeTolerance) nm")
    }
    if let chance = score.chance {
      lines.append(
        "by chance    \(percent(chance))"
          + (score.closeChance.map { ", \(percent($0)) within \(Score.closeTolerance) nm" } ?? ""))
    }
    lines += [
      "RMSE         \(nanometres(score.lateralRMSE)) lateral   x \(nanometres(score.x?.rmse))   "
        + "y \(nanometres(score.y?.rmse))"
        + (isAxial ? "   z \(nanometres(score.z?.rmse))" : ""),
      "with missed  \(nanometres(score.lateralRMSEWithMissed)), which counts each as "
        + "\(settings.lateralTolerance) nm",
      "mean offset  x \(nanometres(score.x?.offset))   y \(nanometres(score.y?.offset))"
        + (isAxial ? "   z \(nanometres(score.z?.offset))" : ""),
      "error ratio  x \(text(score.xErrorRatio))   y \(text(score.yErrorRatio))"
        + (isAxial ? "   z \(text(score.zErrorRatio))" : ""),
    ]
    if score.xErrorOverBound != nil {
      lines.append(
        "error/bound  x \(text(score.xErrorOverBound))   y \(text(score.yErrorOverBound))"
          + (isAxial ? "   z \(text(score.zErrorOverBound))" : ""))
    }
    if let relation = score.zRelation {
      lines.append(
        String(format: "z found      %.2f nm + %.4f × true z", relation.offset, relation.scale))
    }
    lines.append(
      "efficiency   "
        + (isAxial
          ? "\(points(score.volumeEfficiency)) in 3D: lateral \(points(score.efficiency)), "
            + "axial \(points(score.axialEfficiency))"
          : points(score.efficiency)))
    lines += [
      "pairs        \(score.truePositives), \(score.falsePositives) false, "
        + "\(score.falseNegatives) missed, \(score.setAside) set aside",
      "rules        \(settings.assignment.rawValue) pairing within \(settings.lateralTolerance) nm"
        + (isAxial ? " and \(settings.axialTolerance) nm along z" : "")
        + ", border \(settings.border) nm",
    ]
    return lines
  }
}

extension ScoreSettings.Assignment: ExpressibleByArgument {}
