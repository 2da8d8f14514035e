import ArgumentParser
import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Workflow

struct Localize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find and fit the molecules of a movie.",
    discussion: """
      Reads TIFF (classic, BigTIFF, ImageJ, OME, Micro-Manager), a folder of TIFFs, dax + inf, \
      raw + yaml and SPE. Writes ThunderSTORM .csv or Picasso .hdf5 + .yaml. With --network or \
      --weights a learned localizer takes the place of detection and fit.

      EXAMPLE:
        glint localize movie.tif -o locs.hdf5 --pixel-size 108 --offset 100 --gain 2.17 \
      --read-noise 1.6
      """)

  @Argument(help: "The movie: a file, or a folder of single-frame TIFFs.")
  var movie: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Table to write (.csv, .hdf5).", valueName: "file"))
  var output: [String] = []

  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Device") var device: DeviceOptions
  @OptionGroup(title: "Camera") var camera: CameraOptions
  @OptionGroup(title: "Raw files") var raw: MovieOptionsGroup

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Camera pixel in the sample plane.", valueName: "nm"))
  var pixelSize: Double?

  @Option(
    help: "Filter that finds spots; psf, of the PSF's own shape, where a --psf has several peaks.")
  var detector: DetectionSettings.Detector?

  @Option(
    parsing: .unconditional,
    help: """
      wavelet: factor of the first plane's standard deviation (1.2); dog: factor of the cut-off \
      (1.7); gradient: net gradient in camera counts (5000); psf: signal over noise (5); network: of \
      its result (its own).
      """)
  var threshold: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Side of the fitted square, odd; 7, with --psf 13.", valueName: "px"))
  var box: Int?

  @Option(help: "Estimator: maximum likelihood or least squares.")
  var fit: FitSettings.Estimator?

  @Option(help: "Widths that are fitted.")
  var sigma: FitSettings.Sigma?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Width of the PSF: start of the fit, or its value.", valueName: "px"))
  var psfSigma: Double?

  @Option(help: "Gaussian integrated over the pixel, or sampled at its centre.")
  var model: FitSettings.Model?

  @Option(
    name: .customLong("psf"),
    help: ArgumentHelp(
      "Calibrated PSF that gives z: Glint, Picasso (.yaml, .hdf5), SMAPpy (.h5), SMAP (.mat).",
      valueName: "file"))
  var psfFile: String?

  @Option(help: "With --psf: z is fitted, or found after the fact from fitted widths.")
  var axial: FitSettings.Axial?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "z of the table per z of the PSF; 0 for the PSF file's own.", valueName: "factor"))
  var refractiveIndexFactor: Double?

  @OptionGroup var extent: ExtentOptions

  @Option(help: ArgumentHelp("Settings to start from; options on the line win.", valueName: "file"))
  var recipe: String?

  @Flag(help: "Print the recipe that would run, with the meaning of every field, and stop.")
  var printRecipe = false

  @Option(help: ArgumentHelp("Write the run's report as JSON.", valueName: "file"))
  var json: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Frames that travel together.", valueName: "n"))
  var batch: Int?

  @Flag(help: "Replace outputs that exist.")
  var force = false

  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    if let batch, batch < 1 { throw ValidationError("--batch \(batch) must be at least 1") }
  }

  func run() throws {
    var recipe = try startingRecipe()
    var maps: CameraMaps?
    try camera.apply(to: &recipe.camera, maps: &maps, file: &recipe.cameraFile)
    if let part = camera.sensorRegion?.region {
      recipe.cameraRegion = [part.x, part.y, part.width, part.height]
    }
    let psf = recipe.psfFile.isEmpty ? nil : try CalibrationFiles.read(recipe.psfFile)
    if let psf, self.recipe == nil {
      if box == nil { recipe.fit.box = FitSettings.usualBox(psf) }
      if detector == nil, recipe.fit.axial == .fitted {
        recipe.detection.choose(for: psf, box: recipe.fit.box)
        if let threshold { recipe.detection.threshold = threshold }
      }
    }
    if printRecipe {
      print(try recipe.resolved(recipe.model()).yaml(), terminator: "")
      return
    }
    guard let movie else { throw ValidationError("name a movie to localize") }
    guard !output.isEmpty else { throw ValidationError("name an output with -o, such as locs.csv") }
    let job = LocalizeJob(
      source: try raw.open(movie, acceptsTruncated: true), recipe: recipe, maps: maps, psf: psf,
      devices: [try device.open()],
      threads: device.threads, outputs: output, report: json, overwrite: force, batch: batch,
      observer: Terminal(quiet: quiet), cancellation: Interrupt.cancellation)
    let report = try job.run()
    for line in Self.summary(report) { print(line) }
    if report.interrupted { throw ExitCode(130) }
    if report.localizations == 0 {
      if job.recipe.network.isUsed {
        say("hint: a lower --threshold finds more; are camera and --network-settings right?")
      } else if job.recipe.detection.detector == .dog {
        say(
          "hint: in small or crowded frames the maxima are no measure of noise: try --detector wavelet"
        )
      }
      throw ExitCode(1)
    }
  }

  /// The recipe file, or the defaults, with the options of the line on top.
  private func startingRecipe() throws -> Recipe {
    var result = Recipe()
    if let recipe {
      result = try Recipe(file: recipe)
    }
    if let pixelSize { result.pixelSize = pixelSize }
    if let detector, detector != result.detection.detector {
      result.detection.detector = detector
      result.detection.threshold = DetectionSettings.defaultThreshold(detector)
    }
    try network.apply(to: &result.network)
    if result.network.isUsed { try refuseFits() }
    if let threshold {
      if result.network.isUsed {
        result.network.threshold = threshold
      } else {
        result.detection.threshold = threshold
      }
    }
    if let box { result.fit.box = box }
    if let fit { result.fit.estimator = fit }
    if let sigma { result.fit.sigma = sigma }
    if let psfSigma {
      result.fit.psfSigma = psfSigma
      result.detection.sigma = psfSigma
    }
    if let model { result.fit.model = model }
    if let psfFile { result.psfFile = psfFile }
    if let axial {
      result.fit.axial = axial
      if axial == .widths, sigma == nil { result.fit.sigma = .elliptical }
    }
    if let refractiveIndexFactor { result.refractiveIndexFactor = refractiveIndexFactor }
    extent.apply(to: &result)
    try result.check()
    return result
  }

  /// Throws for an option of detection or fit, which a network replaces.
  private func refuseFits() throws {
    let given: [(name: String, isThere: Bool)] = [
      ("detector", detector != nil), ("box", box != nil), ("fit", fit != nil),
      ("sigma", sigma != nil), ("psf-sigma", psfSigma != nil), ("model", model != nil),
      ("psf", psfFile != nil), ("axial", axial != nil),
      ("refractive-index-factor", refractiveIndexFactor != nil),
    ]
    if let option = given.first(where: \.isThere) {
      throw ValidationError(
        "--\(option.name) is for spots that are fitted; a network finds emitters without it")
    }
  }

  /// The few numbers that a person wants after a run.
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
        "not in the table: " + dropped.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
    }
    if report.saturated > 0 { lines.append("\(report.saturated) rows have saturated pixels") }
    return lines
  }
}
