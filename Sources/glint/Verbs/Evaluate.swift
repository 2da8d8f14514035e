import ArgumentParser
import Formats
import Foundation
import Localization
import Microscopy
import Workflow

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a table against the truth, by the SMLM challenge's rules.",
    discussion: """
      EXAMPLE:
        glint evaluate locs.csv truth.csv --pixel-size 100 --json score.json
      """)

  @Argument(help: "Localizations.") var locs: String
  @Argument(help: "Truth: any readable table, or a folder of per-frame challenge files.")
  var truth: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Camera pixel, where a file does not say it.", valueName: "nm"))
  var pixelSize: Double?
  @Option(
    parsing: .unconditional,
    help: "Pairing: nearest first as the challenge's program does, or the best possible.")
  var assignment = ScoreSettings.Assignment.greedy
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Greatest distance of a pair.", valueName: "nm"))
  var tolerance = 250.0
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
    parsing: .unconditional,
    help: ArgumentHelp(
      "Number of the first frame of the localizations, where a text table departs from its kind's "
        + "rule.", valueName: "n"))
  var firstFrame: Int?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("The same of the truth.", valueName: "n"))
  var truthFirstFrame: Int?
  @Flag(help: "Replace the JSON file if it exists.") var force = false

  func validate() throws {
    try firstFrame.map(TableOptions.check(firstFrame:))
    try truthFirstFrame.map(TableOptions.check(firstFrame:))
  }

  func run() throws {
    // Its name is claimed before the work.
    let report = try json.map { try StagedFile(path: $0, overwrite: force) }
    let found = try Tables.read(
      locs, options: TableOptions(pixelSize: pixelSize, firstFrame: firstFrame))
    let molecules = try Tables.read(
      truth, options: TableOptions(pixelSize: pixelSize, firstFrame: truthFirstFrame))
    var settings = ScoreSettings(
      assignment: assignment, lateralTolerance: tolerance, border: border)
    if let brightest { settings.molecules = .brightest(part: brightest) }
    if let frames { settings.frames = frames.first..<(frames.end ?? Int.max) }
    let score = try Score(of: found, against: molecules, settings: settings)
    for line in Self.lines(score) { print(line) }
    if let report {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try report.write(encoder.encode(score))
      try report.commit()
    }
    if let minimumJaccard, score.jaccard * 100 < minimumJaccard {
      say("the Jaccard index is below \(minimumJaccard) %")
      throw ExitCode(1)
    }
  }

  /// A score in words.
  static func lines(_ score: Score) -> [String] {
    func percent(_ value: Double) -> String { String(format: "%.2f %%", 100 * value) }
    func nanometres(_ value: Double?) -> String {
      value.map { String(format: "%.2f nm", $0) } ?? "–"
    }
    func ratio(_ honesty: Honesty?) -> String {
      honesty.map { String(format: "%.3f (robust %.3f)", $0.rms, $0.spread) } ?? "–"
    }
    let settings = score.settings
    var lines = [
      "Jaccard      \(percent(score.jaccard))   recall \(percent(score.recall))   "
        + "precision \(percent(score.precision))",
      "RMSE         \(nanometres(score.lateralRMSE)) lateral   x \(nanometres(score.x?.rmse))   "
        + "y \(nanometres(score.y?.rmse))",
      "mean offset  x \(nanometres(score.x?.offset))   y \(nanometres(score.y?.offset))",
      "RMSE/√CRLB   x \(ratio(score.xHonesty))   y \(ratio(score.yHonesty))",
      "efficiency   " + (score.efficiency.map { String(format: "%.2f", $0) } ?? "–"),
      "pairs        \(score.truePositives), \(score.falsePositives) false, "
        + "\(score.falseNegatives) missed, \(score.setAside) set aside",
      "rules        \(settings.assignment.rawValue) pairing within \(settings.lateralTolerance) nm, "
        + "border \(settings.border) nm",
    ]
    if let z = score.z { lines.insert("axial RMSE   \(nanometres(z.rmse))", at: 2) }
    return lines
  }
}

extension ScoreSettings.Assignment: ExpressibleByArgument {}
