import ArgumentParser
import Localization
import Workflow

/// A network and its weights.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A network that `glint networks` lists; not needed where the weights say it.",
      valueName: "name"))
  var network: String?

  @Option(
    help: ArgumentHelp(
      "Its weights: safetensors, ONNX, PyTorch, Keras (.h5, .keras) or npz.", valueName: "file"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "Settings that the weights do not say: JSON, YAML, or DECODE's param_run.yaml.",
      valueName: "file"))
  var networkSettings: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What a run of the network may take; larger frames are cut into tiles (1024).",
      valueName: "MiB"))
  var memory: Int?

  /// Replaces in `settings` what was given.
  func apply(to settings: inout NetworkSettings) throws {
    if let network { settings.name = network }
    if let weights { settings.weights = weights }
    if let networkSettings {
      settings.settings = try NetworkSettingsFile.read(networkSettings)
    }
    if let memory { settings.memory = memory }
    if !settings.isUsed, networkSettings != nil || memory != nil {
      throw ValidationError("--network-settings and --memory go with --network or --weights")
    }
  }
}
