import ArgumentParser
import Reporting
import Workflow

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a network on simulated movies.",
    discussion: """
      EXAMPLE:
        glint train recipe.yaml -o model.safetensors
      """)

  @Argument(help: "Recipe: network, examples, schedule (YAML).") var recipe: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The model; log and checkpoint lie beside it.", valueName: "file"))
  var output: String

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
    if let minutes, !(minutes > 0 && minutes < 1e6) {
      throw ValidationError("--minutes must be above 0")
    }
    if minutes != nil, steps != nil { throw ValidationError("give --minutes or --steps, not both") }
    if resume, minutes != nil || steps != nil || initial != nil || force {
      throw ValidationError("--resume continues with the settings of the training's start")
    }
  }

  func run() throws {
    var recipe = try TrainingRecipe(reading: recipe)
    if let steps { recipe.training.steps = steps }
    let job = TrainJob(
      recipe, output: output, on: try device.open(), initial: initial, minutes: minutes,
      resumes: resume, overwrite: force, observer: Terminal(quiet: quiet),
      cancellation: Interrupt.cancellation)
    let report = try job.run()
    if !quiet {
      let early = report.isEarly ? ", ended early" : ""
      print("\(report.steps) steps\(early): \(report.model) is that of step \(report.bestStep)")
    }
  }
}
