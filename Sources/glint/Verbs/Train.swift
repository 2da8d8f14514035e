import ArgumentParser
import Formats
import Foundation
import Localization
import Reporting
import Workflow

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a network on simulated movies.",
    discussion: """
      With --from, a recipe is proposed for movies like that one: photons, background, density, \
      lifetimes and the width of the PSF are measured with a fit of overlapping molecules.

      EXAMPLE:
        glint train --from movie.tif --network decode-2d --camera camera.yaml -o recipe.yaml
        glint train recipe.yaml -o model.safetensors
        glint localize movie.tif --weights model.safetensors --camera camera.yaml -o locs.csv
      """)

  @Argument(help: "Recipe: network, examples, schedule (YAML).") var recipe: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The model; log and checkpoint lie beside it. With --from, the recipe.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("A movie to propose a recipe for.", valueName: "movie"))
  var from: String?
  @Option(
    help: ArgumentHelp(
      "With --from: a network, or a model that comes with Glint to start from.", valueName: "name"))
  var network: String?
  @Option(FitSettings.psfFile, "file") var psf: String?
  @Option(Recipe.pixelSize) var pixelSize: Double?
  @OptionGroup(title: "Camera of that movie") var camera: CameraOptions
  @OptionGroup(title: "That movie") var raw: MovieOptionsGroup

  @Option(
    help: ArgumentHelp(
      "A budget: the number of steps, and with it the schedule, is fitted to it.",
      valueName: "minutes"))
  var minutes: Double?
  @Option(help: ArgumentHelp("Number of steps; the recipe's if omitted.", valueName: "n"))
  var steps: Int?
  @Option(
    name: .customLong("init"),
    help: ArgumentHelp("A trained model of the same network to start from.", valueName: "file"))
  var initial: String?
  @OptionGroup(title: "Device") var device: DeviceOptions
  @Flag(help: "Continue an interrupted training from its checkpoint.") var resume = false
  @Flag(help: "Begin anew and replace an existing model.") var force = false
  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.") var quiet = false

  func validate() throws {
    if (recipe == nil) == (from == nil) {
      throw ValidationError("give a recipe, or a movie with --from to propose one")
    }
    if let minutes, !(minutes > 0 && minutes < 1e6) {
      throw ValidationError("--minutes must be above 0")
    }
    if minutes != nil, steps != nil { throw ValidationError("give --minutes or --steps, not both") }
    if resume, minutes != nil || steps != nil || initial != nil || force {
      throw ValidationError("--resume continues with the settings of the training's start")
    }
  }

  func run() throws {
    guard let path = recipe else { return try propose() }
    var recipe = try TrainingRecipe(reading: path)
    recipe.start = initial ?? recipe.start
    if let steps { recipe.training.steps = steps }
    let job = TrainJob(
      recipe, output: output, on: try device.open(), minutes: minutes,
      resumes: resume, overwrite: force, observer: Terminal(quiet: quiet),
      cancellation: Interrupt.cancellation)
    let report = try job.run()
    if !quiet {
      let early = report.isEarly ? ", ended early" : ""
      print("\(report.steps) steps\(early): \(report.model) is that of step \(report.bestStep)")
    }
  }

  private func propose() throws {
    guard let from else { return }
    var options = Statement(.option)
    options.say(FitSettings.emitters, .multi)
    options.say(Recipe.pixelSize, pixelSize)
    options.say(FitSettings.psfFile, psf)
    camera.say(in: &options)
    raw.say(in: &options)
    let movie = try raw.open(from, over: nil)
    let sources = try RecipeSources(options, movie: movie.info)
    let text = try ProposeJob(
      source: movie, recipe: sources.recipe, maps: sources.maps, psf: sources.psf,
      network: network ?? "decode-2d", devices: [try device.open()],
      observer: Terminal(quiet: quiet), cancellation: Interrupt.cancellation
    ).run()
    try StagedFile.write(Array(text.utf8), to: output, overwrite: force)
    if !quiet { print("proposed \(output)") }
  }
}
