import ArgumentParser
import Localization
import Reporting
import Workflow

/// Options that choose a network and its weights.
struct NetworkOptions: ParsableArguments {
  @Option(NetworkSettings.name, "name") var network: String?
  @Option(NetworkSettings.weights, "file") var weights: String?
  @Option(
    help: ArgumentHelp(
      "Network settings that the weights do not contain: JSON, YAML, or DECODE's param_run.yaml.",
      valueName: "file"))
  var networkSettings: String?
  @Option(NetworkSettings.memory) var memory: Int?

  /// The settings from that file, as JSON.
  var settings: String? {
    get throws { try networkSettings.map { try NetworkSettingsFile.read($0) } }
  }

  func say(in said: inout Statement) throws {
    said.say(NetworkSettings.name, network)
    said.say(NetworkSettings.weights, weights)
    said.say(NetworkSettings.settings, try settings)
    said.say(NetworkSettings.memory, memory)
  }

  /// Throws if network options are given without a network.
  func check(isUsed: Bool) throws {
    if !isUsed, networkSettings != nil || memory != nil {
      throw ValidationError("--network-settings and --memory require --network or --weights")
    }
  }
}
