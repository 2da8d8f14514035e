import Compute

/// One training step as a graph: examples, network, loss, gradients, new parameters.
///
/// Inputs: "clock" (see `RandomNumbers.clock`) and "schedule" (see `Optimizer.schedule`).
/// Parameters of the network and of the optimizer are state. Outputs: "loss", its parts by name,
/// "norm" of all gradients, "left out".
package struct TrainingStep {
  package let graph: Graph
  /// Names of the parts of the loss.
  package let terms: [String]
  /// Names and types of the optimizer's state, zero at first.
  package let states: [String: TensorType]

  package init(_ system: any TrainableSystem, _ settings: TrainingSettings) throws {
    var graph = Graph()
    let clock = graph.input("clock", TensorType(.int32, 3))
    let optimizer = settings.rule.optimizer
    let schedule = graph.input("schedule", TensorType(.float32, Optimizer.scheduleCount))
    let learning = try Learning(system, settings.examples, clock: clock, learns: true, in: &graph)
    let gradients = try learning.gradients(in: &graph)
    var factor = graph.constant(Tensor([1.0], shape: [1]))
    let clipping = try graph.clipping(
      gradients.map(\.gradient), to: Float(settings.clip ?? .infinity))
    if settings.clip != nil { factor = clipping.factor }
    var states: [String: TensorType] = [:]
    for (parameter, gradient) in gradients {
      let type = parameter.graphType
      let value = try graph.parameter(parameter.name, type)
      let names = (0..<optimizer.states).map { Self.state($0, of: parameter.name) }
      let memory = try names.map { try graph.parameter($0, type) }
      for name in names { states[name] = type }
      let new = try graph.apply(
        OptimizerStep(optimizer), to: [value, gradient, schedule, factor] + memory)
      for (name, value) in zip([parameter.name] + names, new) { graph.output(name, value) }
    }
    graph.output("loss", learning.loss)
    for term in learning.terms { graph.output(term.name, term.value) }
    graph.output("norm", clipping.norm)
    graph.output("left out", learning.examples.leftOut)
    self.graph = graph
    terms = learning.terms.map(\.name)
    self.states = states
  }

  private static func state(_ index: Int, of name: String) -> String {
    "optimizer.\(index == 0 ? "mean" : "square").\(name)"
  }
}

/// A network on simulated examples, with its loss and its gradients, as part of a graph.
struct Learning {
  let examples: any TrainingExamples
  /// The network's outputs.
  let results: [(name: String, value: Graph.Value)]
  let terms: [LossTerm]
  /// float32 [1].
  let loss: Graph.Value
  private let trained: [Parameter]

  init(
    _ system: some TrainableSystem, _ settings: ExampleSettings, clock: Graph.Value, learns: Bool,
    in graph: inout Graph
  ) throws {
    let network = system.network
    var draws = Draws(clock)
    let examples = try system.draw(settings, &draws, in: &graph)
    self.examples = examples
    results = try network.lowered(
      system.input(examples, in: &graph), .examples(examples.batch(clock, learns: learns)),
      into: &graph)
    terms = try system.loss(results.map(\.value), examples, in: &graph)
    loss = try Self.sum(terms, in: &graph)
    trained = network.parameters.filter(\.trained)
  }

  private static func sum(_ terms: [LossTerm], in graph: inout Graph) throws -> Graph.Value {
    try terms.dropFirst().reduce(terms[0].value) { try graph.apply(Add(), $0, $1.value) }
  }

  /// The gradient for each trained parameter, of the terms of the loss that teach it.
  func gradients(
    in graph: inout Graph
  ) throws -> [(parameter: Parameter, gradient: Graph.Value)] {
    let teachers = trained.map { parameter in
      terms.indices.filter { terms[$0].teaches(parameter.name) }
    }
    var result: [(Parameter, Graph.Value)] = []
    for group in Set(teachers).sorted(by: { $0.lexicographicallyPrecedes($1) })
    where !group.isEmpty {
      let parameters = zip(trained, teachers).filter { $1 == group }.map(\.0)
      let values = try parameters.map { try graph.parameter($0.name, $0.graphType) }
      let loss = try Self.sum(group.map { terms[$0] }, in: &graph)
      let gradients = try graph.gradients(of: loss, withRespectTo: values)
      for (parameter, gradient) in zip(parameters, gradients) {
        guard var gradient else { continue }
        // Zeros that belong to the layout learn nothing.
        if let mask = parameter.graphMask {
          gradient = try graph.apply(Binary(.multiply), gradient, graph.constant(mask))
        }
        result.append((parameter, gradient))
      }
    }
    return result
  }
}
