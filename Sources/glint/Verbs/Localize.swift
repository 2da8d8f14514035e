import ArgumentParser
import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Reporting
import Workflow

struct Localize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Localize the molecules in a movie.",
    discussion: """
      Reads TIFF (classic, BigTIFF, ImageJ, OME, Micro-Manager, MetaMorph), a folder of TIFFs, \
      dax + inf, raw + yaml, SPE, ND2, CZI, LIF, Imaris, OME-Zarr, and Andor SIF and spool folders. \
      Of several channels, slices or positions one is chosen; `glint info` shows them. Writes \
      ThunderSTORM .csv, Picasso .hdf5 + .yaml, .smlm or SMAP _sml.mat. With --network or \
      --weights a neural network replaces detection and fit.

      EXAMPLE:
        glint localize movie.tif -o locs.hdf5 --pixel-size 108 --offset 100 --gain 2.17 \
      --read-noise 1.6
      """)

  @Argument(help: "Movie: a file, or a folder of single-frame TIFFs.")
  var movie: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Output table (.csv, .hdf5, .smlm, _sml.mat).", valueName: "file"))
  var output: [String] = []

  @OptionGroup var writing: ColumnWriting

  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Device") var device: DeviceOptions
  @OptionGroup(title: "Camera") var camera: CameraOptions
  @OptionGroup(title: "Movie") var raw: MovieOptionsGroup

  @Option(Recipe.pixelSize) var pixelSize: Double?
  @OptionGroup var spots: SpotOptions
  @OptionGroup var extent: ExtentOptions

  @Option(
    help: ArgumentHelp(
      "Recipe to start from, or an output that contains one; command-line options override it.",
      valueName: "file")
  )
  var recipe: String?

  @Flag(help: "Print the resolved recipe, with the meaning of every field, and exit.")
  var printRecipe = false

  @Option(help: ArgumentHelp("Write a report of the run as JSON.", valueName: "file"))
  var json: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Frames per batch.", valueName: "n"))
  var batch: Int?

  @Flag(help: "Go on although the movie contradicts the given camera.")
  var acceptCamera = false

  @Flag(help: "Replace existing outputs.")
  var force = false

  @Flag(help: "Go on with an interrupted run of the same command.")
  var resume = false

  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.")
  var quiet = false

  func validate() throws {
    if let batch, batch < 1 { throw ValidationError("--batch \(batch) must be at least 1") }
  }

  func run() throws {
    var options = Statement(.option)
    options.say(Recipe.pixelSize, pixelSize)
    camera.say(in: &options)
    try network.say(in: &options)
    spots.say(in: &options)
    extent.say(in: &options)
    raw.say(in: &options)
    let file = try self.recipe.map { try RecipeFile(path: $0) }
    let source = try movie.map { try raw.open($0, over: file?.recipe, acceptsTruncated: true) }
    let sources = try RecipeSources(options, over: file, movie: source?.info)
    let recipe = sources.recipe
    try network.check(isUsed: recipe.network != nil)
    if let option = sources.unusedOption {
      throw ValidationError(
        recipe.network != nil
          ? "--\(option.name) applies to spot fitting and is not used with a network"
          : recipe.emitters != nil
            ? "--\(option.name) does not apply to a fit of several emitters"
            : option == .threshold
              ? "--\(option.name) and --false-positives exclude each other: state one of them"
              : "--\(option.name) applies to a fit of several emitters: add --emitters multi")
    }
    if printRecipe {
      for choice in sources.choices { say(choice.spelled) }
      print(try recipe.resolved(recipe.model()).yaml(), terminator: "")
      return
    }
    guard let source else { throw ValidationError("no movie is given") }
    guard !output.isEmpty else {
      throw ValidationError("no output is given: add -o with a name such as locs.csv")
    }
    let job = LocalizeJob(
      source: source, recipe: recipe, maps: sources.maps,
      psf: sources.psf, devices: [try device.open()],
      threads: device.threads, outputs: output, columns: writing.chosen, report: json,
      overwrite: force, resumes: resume,
      inputs: [self.recipe, network.networkSettings].compactMap { $0 }, batch: batch,
      choices: sources.choices, acceptsCamera: acceptCamera,
      observer: Terminal(quiet: quiet),
      cancellation: Interrupt.cancellation)
    let report = try job.run()
    if !quiet { for line in Self.summary(report) { print(line) } }
    if report.interrupted { throw ExitCode(Interrupt.exitCode) }
    if report.localizations == 0 {
      if recipe.network != nil {
        say("hint: lower --threshold, and check the camera settings and --network-settings")
      } else if recipe.emitters == nil, recipe.detection.detector.kind == .dog {
        say(
          "hint: the dog cut-off is unreliable in small or crowded frames: try --detector wavelet"
        )
      }
      throw ExitCode(1)
    }
  }

  /// The summary that is printed after a run.
  static func summary(_ report: LocalizeReport) -> [String] {
    let stages = report.stages
    func seconds(_ value: Double) -> String { String(format: "%.2f s", value) }
    var lines = [
      "\(report.localizations) localizations in \(report.frames) frames",
      String(
        format: report.framesPerSecond < 10
          ? "%.2f frames/s, %.2f s in all; " : "%.0f frames/s, %.2f s in all; ",
        report.framesPerSecond, report.seconds)
        + "read \(seconds(stages.read)), compute \(seconds(stages.compute)), "
        + "collect \(seconds(stages.collect)), write \(seconds(stages.write)) (overlapping)",
      "peak memory \(report.peakMemoryBytes >> 20) MiB; device \(report.device)",
    ]
    let dropped = report.dropped.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    if !dropped.isEmpty {
      lines.append(
        "fits not in the table: " + dropped.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
    }
    if report.saturated > 0 { lines.append("\(report.saturated) rows have saturated pixels") }
    return lines
  }
}
