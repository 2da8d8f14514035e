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

  @OptionGroup(title: "Device") var device: DeviceOptions
  @Flag(help: "Continue an interrupted training from its checkpoint.") var resume = false
  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.") var quiet = false

  func run() throws {
    let job = TrainJob(
      try TrainingRecipe(reading: recipe), output: output, on: try device.open(), resumes: resume,
      observer: Terminal(quiet: quiet), cancellation: Interrupt.cancellation)
    let result = try job.run()
    if !quiet { print("\(result.steps) steps: \(result.model)") }
  }
}
