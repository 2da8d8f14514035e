import Foundation
import Networks
import Reporting
import Workflow

extension FuzzedReader {
  static let networks = [
    weights("weights-keras", "a.h5", signatures: [hdf5]),
    weights("weights-zip", "a.pt", signatures: [zip]),
    weights("weights-pickle", "a.pth"),
    weights("weights-safetensors", "a.safetensors"),
    weights("weights-onnx", "a.onnx", signatures: [[8, 7]]),
    FuzzedReader(name: "network-settings", files: ["a.yaml"]) { path, _ in
      let settings = try NetworkSettingsFile.read(path)
      for type in Systems.all { try? use(type, settings) }
    },
  ]

  private static func use<System: NetworkSystem>(_: System.Type, _ settings: String) throws {
    let system = try System().with(settings: settings)
    try system.checkSettings()
    _ = system.network
  }

  /// Reads weights, and offers them to every network.
  private static func weights(
    _ name: String, _ file: String, signatures: [[UInt8]] = []
  ) -> FuzzedReader {
    FuzzedReader(name: name, files: [file], signatures: signatures) { path, _ in
      let weights = try WeightFile.read(path)
      for type in Systems.all {
        do { _ = try Model(type, weights) } catch is any Fault {}
      }
    }
  }

  static let texts = [
    recipe("recipe", "a.yaml"), recipe("recipe-in-table", "a.csv"),
    recipe("recipe-in-picture", "a.png"),
  ]

  /// Reads a recipe, or the one in an output, and writes it again.
  private static func recipe(_ name: String, _ file: String) -> FuzzedReader {
    FuzzedReader(name: name, files: [file]) { path, _ in
      let recipe = try RecipeFile(path: path).recipe
      try recipe.check()
      guard try Recipe(yaml: recipe.yaml()) == recipe else { fatalError("the recipe changed") }
    }
  }
}
