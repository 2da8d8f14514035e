import ArgumentParser
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Workflow

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a table against the truth, by the SMLM challenge's rules.",
    discussion: """
      EXAMPLE:
        glint evaluate locs.csv truth.csv --pixel-size 100 --json score.json
        glint evaluate locs3d.csv truth.csv --axial-tolerance 500 --assignment optimal
      """)

  @Argument(help: "Localizations.") var locs: String
  @Argument(help: "Truth: any readable table, or a folder of per-frame challenge files.")
  var truth: String

  @OptionGroup var reading: TableReading
  @Option(
    parsing: .unconditional,
    help: "Pairing: nearest first as the challenge's program does, or the best possible.")
  var assignment = ScoreSettings.Assignment.greedy
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Greatest distance of a pair.", valueName: "nm"))
  var tolerance = 250.0
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Greatest distance of a pair along z, where both tables have z.", valueName: "nm"))
  var axialTolerance = 500.0
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rows nearer to the edge do not count.", valueName: "nm"))
  var border = 450.0
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Part of the molecules that counts, brightest first; 0.75 in the challenge.",
      valueName: "0…1"))
  var brightest: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "PSF of the movie: the bound at the truth is computed too, with the camera.",
      valueName: "file"))
  var psf: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The same for a Gaussian of known width.", valueName: "px"))
  var psfSigma: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Side of the fitted square, for that bound, odd.", valueName: "px"))
  var box = 13
  @OptionGroup(title: "Camera, for that bound") var camera: CameraOptions
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Frames, from 0, B not included.", valueName: "A:B")
  )
  var frames: FrameRange?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Exit with 1 when the Jaccard index is below this.", valueName: "percent"))
  var minimumJaccard: Double?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Write the score as JSON.", valueName: "file"))
  var json: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("The first frame of the truth.", valueName: "n"))
  var truthFirstFrame: Int?
  @Flag(help: "Replace the JSON file if it exists.") var force = false

  func validate() throws {
    guard box >= 3, box <= 99, !box.isMultiple(of: 2) else {
      throw ValidationError("--box \(box) must be odd and in 3...99")
    }
    if let psfSigma, !(psfSigma >= 0.3 && psfSigma <= 30) {
      throw ValidationError("--psf-sigma \(psfSigma) px must be in 0.3...30")
    }
    if psf != nil, psfSigma != nil { throw ValidationError("--psf-sigma contradicts --psf") }
  }

  func run() throws {
    // Its name is claimed before the work.
    let report = try json.map { try StagedFile(path: $0, overwrite: force) }
    let found = try Tables.read(locs, options: reading.options())
    var ofTruth = reading
    ofTruth.firstFrame = truthFirstFrame
    let molecules = try Tables.read(truth, options: ofTruth.options())
    var settings = ScoreSettings(
      assignment: assignment, lateralTolerance: tolerance, axialTolerance: axialTolerance,
      border: border)
    if let brightest { settings.molecules = .brightest(part: brightest) }
    if let frames { settings.frames = frames.first..<(frames.end ?? Int.max) }
    let score = try Score(
      of: found, against: molecules, settings: settings, bound: try bound())
    for line in Self.lines(score) { print(line) }
    if let report {
      try report.write(JSONEncoder.indented.encode(score))
      try report.commit()
    }
    if let minimumJaccard, score.jaccard * 100 < minimumJaccard {
      say("the Jaccard index is below \(minimumJaccard) %")
      throw ExitCode(1)
    }
  }

  /// The optics of the movie, where they were given.
  private func bound() throws -> TruthBound? {
    guard psf != nil || psfSigma != nil else { return nil }
    let (scalars, maps, _) = try camera.read()
    return TruthBound(
      psf: try psf.map { try CalibrationFiles.read($0) },
      gaussian: GaussianPSF(sigma: psfSigma ?? 1),
      box: box, camera: scalars, maps: maps)
  }

  /// A score in words.
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
        + "precision \(percent(score.precision))",
      "RMSE         \(nanometres(score.lateralRMSE)) lateral   x \(nanometres(score.x?.rmse))   "
        + "y \(nanometres(score.y?.rmse))"
        + (isAxial ? "   z \(nanometres(score.z?.rmse))" : ""),
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
