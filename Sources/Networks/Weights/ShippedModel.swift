import TrainedModels

/// A model that comes with the package.
package struct ShippedModel: Sendable {
  /// What selects it: "decode-2d".
  package let name: String
  private let index: Int

  private static var files: UnsafeBufferPointer<glint_trained_model> {
    var count = 0
    let models = glint_trained_models(&count)
    return UnsafeBufferPointer(start: models, count: count)
  }

  /// All of them, sorted by name.
  package static var all: [ShippedModel] {
    files.enumerated().map { ShippedModel(name: String(cString: $1.name), index: $0) }
  }

  /// nil if there is no model of that name.
  package static func named(_ name: String) -> ShippedModel? {
    all.first { $0.name == name.lowercased() }
  }

  /// Its weights. Throws `WeightError`.
  package func weights() throws -> Weights {
    let file = Self.files[index]
    return try WeightFile.decode(
      Array(UnsafeBufferPointer(start: file.bytes, count: file.count)), path: name)
  }

  /// Throws `NetworkError` for invalid settings.
  package func model(settings: String = "") throws -> Model {
    let weights = try weights()
    guard let configuration = weights.configuration else {
      throw NetworkError.unnamed(path: name, known: Systems.all.map { $0.name })
    }
    return try Model(try Systems.named(configuration.system), weights, settings: settings)
  }
}
