import Compute

/// A system that states how it learns: what it sees of an example, and its loss.
package protocol TrainableSystem: NetworkSystem {
  /// Its published training.
  var training: TrainingSettings { get }

  /// Initial values of biases that do not start at 0, by name.
  var initialBiases: [String: Float] { get }

  /// How weights begin.
  var initialWeights: InitialWeights { get }

  /// What the network sees of a batch: unless a system states something else, its frames with the
  /// network's own scaling.
  func input(_ examples: Examples, in graph: inout Graph) throws -> Graph.Value

  /// The parts of the loss, float32 [1] each; the loss is their sum.
  func loss(
    _ results: [Graph.Value], _ examples: Examples, in graph: inout Graph
  ) throws -> [LossTerm]
}

extension TrainableSystem {
  package var initialBiases: [String: Float] { [:] }
  package var initialWeights: InitialWeights { .he }

  package func input(_ examples: Examples, in graph: inout Graph) throws -> Graph.Value {
    try network.scaled(examples.frames, &graph)
  }
}

/// A named part of a loss.
package struct LossTerm {
  package let name: String
  package let value: Graph.Value
}
