import ArgumentParser
import Formats
import Foundation
import Localization
import Microscopy
import Reporting
import Workflow

struct Infer: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a network and save its output: images or classes.",
    discussion: """
      Images are written as a 32-bit float TIFF, one page per frame and channel, or one page for \
      the sum of all frames. Classes are written as a table, for a stack of crops or for the rows \
      of --table.

      EXAMPLE:
        glint infer movie.tif --network fid-storm --weights model.onnx -o maps.tif
        glint infer spectra.tif --network spenet --weights spenet.npz -o dyes.csv
      """)

  @Argument(help: "Movie: a file, or a folder of single-frame TIFFs.") var movie: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Output images (.tif) or classes (.csv; .hdf5 with --table).", valueName: "file"))
  var output: String

  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Device") var device: DeviceOptions
  @OptionGroup(title: "Camera") var camera: CameraOptions
  @OptionGroup(title: "Movie") var raw: MovieOptionsGroup

  @Flag(help: "Write one image, the sum over frames; negative values count as 0.") var sum = false

  @Option(help: ArgumentHelp("Network output to save; the first by default.", valueName: "name"))
  var result: String?

  @Option(
    help: ArgumentHelp(
      "Localization table; a crop of the movie is taken around each row.", valueName: "file")
  )
  var table: String?

  @OptionGroup(title: "Columns of that table") var reading: ColumnReading

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Offset from a localization to the centre of its crop, px.", valueName: "DX,DY"))
  var shift: Shift?

  @Option(Recipe.pixelSize) var pixelSize: Double?

  @OptionGroup var extent: ExtentOptions

  @Option(
    help: ArgumentHelp(
      "Recipe to start from, or an output that contains one; command-line options override it.",
      valueName: "file")
  )
  var recipe: String?

  @Option(help: ArgumentHelp("Write a report of the run as JSON.", valueName: "file"))
  var json: String?

  @Flag(help: "Replace existing outputs.") var force = false
  @Flag(help: "Go on with an interrupted run of the same command.") var resume = false
  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.") var quiet = false

  func validate() throws {
    if shift != nil, table == nil { throw ValidationError("--shift requires --table") }
  }

  func run() throws {
    var options = Statement(.option)
    options.say(Recipe.pixelSize, pixelSize)
    camera.say(in: &options)
    try network.say(in: &options)
    extent.say(in: &options)
    raw.say(in: &options)
    let file = try recipe.map { try RecipeFile(path: $0) }
    let source = try raw.open(movie, over: file?.recipe)
    let sources = try RecipeSources(options, over: file, movie: source.info)
    try network.check(isUsed: sources.recipe.network != nil)
    guard sources.recipe.network != nil else {
      throw ValidationError(
        "no network is given: use --network, or --weights for a file that states its network")
    }
    let crops = try table.map {
      InferJob.Crops(
        try Tables.read(
          $0, options: reading.options(pixelSize: pixelSize), observer: Terminal(quiet: quiet)),
        path: $0,
        shift: (shift?.x ?? 0, shift?.y ?? 0))
    }
    let report = try InferJob(
      source: source, recipe: sources.recipe, maps: sources.maps,
      devices: [try device.open()],
      threads: device.threads, output: output, crops: crops, result: result, sum: sum,
      report: json, overwrite: force, resumes: resume,
      inputs: [recipe, network.networkSettings].compactMap { $0 }, observer: Terminal(quiet: quiet),
      cancellation: Interrupt.cancellation
    ).run()
    let isTable = crops != nil || output.lowercased().hasSuffix(".csv")
    if !quiet {
      print(
        "\(report.frames) \(isTable ? "crops" : "frames") in "
          + String(format: "%.2f s, %.3g/s", report.seconds, report.framesPerSecond)
          + "; \(report.outputs.joined(separator: ", "))")
      print("peak memory \(report.peakMemoryBytes >> 20) MiB; device \(report.device)")
    }
    if report.interrupted { throw ExitCode(Interrupt.exitCode) }
    if report.frames == 0 { throw ExitCode(1) }
  }
}

/// A shift, `DX,DY` in pixels.
struct Shift: ExpressibleByArgument {
  let x: Double
  let y: Double

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard parts.count == 2, let x = parts[0], let y = parts[1], x.isFinite, y.isFinite else {
      return nil
    }
    (self.x, self.y) = (x, y)
  }
}
