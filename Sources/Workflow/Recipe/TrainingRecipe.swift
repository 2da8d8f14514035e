import Containers
import Foundation
import Networks
import Reporting

/// A network and how it is trained.
public struct TrainingRecipe: Sendable {
  package var system: any TrainableSystem
  package var training: TrainingSettings

  /// Reads YAML or JSON: `network`, a name; `settings` of the network; `training`. What is left out
  /// is as its authors published it.
  ///
  /// Throws `SettingsError`, `NetworkError`.
  public init(reading path: String) throws {
    let data: [UInt8]
    do { data = try InputFile.contents(of: path, atMost: 1 << 22) } catch {
      throw SettingsError("cannot read the recipe \(path): it \(error.words)", hint: nil)
    }
    guard let text = String(validating: data, as: UTF8.self),
      let fields = FieldValue(yaml: text), case .text(let name)? = fields["network"]
    else {
      throw SettingsError(
        "\(path) is no recipe of a training", hint: "it is YAML and states at least `network`")
    }
    let type = try Systems.named(name)
    guard let trainable = type.init() as? any TrainableSystem else {
      throw SettingsError("the network \(name) cannot be trained", hint: nil)
    }
    func json(_ value: FieldValue?) throws -> String {
      guard let value else { return "" }
      return String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
    system = try trainable.with(settings: json(fields["settings"]))
    training = system.training
    if let own = fields["training"] { training = try own.changing(training) }
  }
}
