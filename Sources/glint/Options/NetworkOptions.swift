import ArgumentParser
import Localization
import Reporting
import Workflow

/// A network and its weights.
struct NetworkOptions: ParsableArguments {
  @Option(NetworkSettings.name, "name") var network: String?
  @Option(NetworkSettings.weights, "file") var weights: String?
  @Option(
    help: ArgumentHelp(
      "Settings that the weights do not say: JSON, YAML, or DECODE's param_run.yaml.",
      valueName: "file"))
  var networkSettings: String?
  @Option(NetworkSettings.memory) var memory: Int?

  /// The settings of the file that is named, as JSON.
  var settings: String? {
    get throws { try networkSettings.map { try NetworkSettingsFile.read($0) } }
  }

  func say(in said: inout Statement) throws {
    said.say(NetworkSettings.name, network)
    said.say(NetworkSettings.weights, weights)
    said.say(NetworkSettings.settings, try settings)
    said.say(NetworkSettings.memory, memory)
  }

  /// Throws where only a network could follow what was given.
  func check(isUsed: Bool) throws {
    if !isUsed, networkSettings != nil || memory != nil {
      throw ValidationError("--network-settings and --memory go with --network or --weights")
    }
  }
}
