import Compute

/// A system that states how it learns: its examples, what it sees of them, and its loss.
package protocol TrainableSystem: NetworkSystem {
  /// What it learns from: unless a system states something else, movies of blinking emitters.
  associatedtype Drawn: TrainingExamples = Examples

  /// Its published training.
  var training: TrainingSettings { get }

  /// Initial values of biases that do not start at 0, by name.
  var initialBiases: [String: Float] { get }

  /// How weights begin.
  var initialWeights: InitialWeights { get }

  /// Adds the drawing of a batch to a graph.
  func draw(
    _ settings: ExampleSettings, _ draws: inout Draws, in graph: inout Graph
  ) throws -> Drawn

  /// What the network sees of a batch: unless a system states something else, its frames with the
  /// network's own scaling.
  func input(_ examples: Drawn, in graph: inout Graph) throws -> Graph.Value

  /// The parts of the loss, float32 [1] each; the loss is their sum.
  func loss(
    _ results: [Graph.Value], _ examples: Drawn, in graph: inout Graph
  ) throws -> [LossTerm]
}

extension TrainableSystem {
  package var initialBiases: [String: Float] { [:] }
  package var initialWeights: InitialWeights { .he }

  package func input(_ examples: Drawn, in graph: inout Graph) throws -> Graph.Value {
    try network.scaled(examples.frames, &graph)
  }
}

extension TrainableSystem where Drawn == Examples {
  package func draw(
    _ settings: ExampleSettings, _ draws: inout Draws, in graph: inout Graph
  ) throws -> Examples { try Examples(settings, &draws, in: &graph) }
}

/// A batch of simulated examples as values of a graph: what a camera sees, and what is true.
package protocol TrainingExamples {
  /// Effective counts, [frames, height, width, 1].
  var frames: Graph.Value { get }
  /// What a validation compares results with.
  var truth: ExampleTruth { get }
  /// Emitters that there was no room for, in the whole batch, [1].
  var leftOut: Graph.Value { get }
  /// What layers need to know of the batch.
  func batch(_ clock: Graph.Value, learns: Bool) -> ExampleBatch
}

/// What is true of a batch of examples.
package enum ExampleTruth {
  case emitters(Examples)
  /// 1 for the class of a frame, 0 for the others, [frames, classes].
  case classes(Graph.Value)
}

/// A named part of a loss.
package struct LossTerm {
  package let name: String
  package let value: Graph.Value
  /// Whether a parameter of this name learns from it: all do unless a system states something else.
  package var teaches: @Sendable (String) -> Bool = { _ in true }
}
