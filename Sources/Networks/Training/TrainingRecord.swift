import Foundation

/// What a model was trained on; it is kept in the model's file.
package struct TrainingRecord: Codable, Hashable, Sendable {
  package var examples: ExampleSettings
  /// Steps until the model, and of the whole training.
  package var steps: Int
  package var of: Int

  package init(examples: ExampleSettings, steps: Int, of: Int) {
    self.examples = examples
    self.steps = steps
    self.of = of
  }
}

extension Weights {
  private static let recordKey = "glint.trained"

  /// nil if the file does not say how it was trained.
  package var record: TrainingRecord? {
    get {
      texts[Self.recordKey].flatMap {
        try? JSONDecoder().decode(TrainingRecord.self, from: Data($0.utf8))
      }
    }
    set {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      texts[Self.recordKey] = newValue.flatMap { try? encoder.encode($0) }
        .map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
