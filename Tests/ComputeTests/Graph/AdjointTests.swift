import Compute
import Testing

/// Gradients of linear ops: ⟨A x, g⟩ = ⟨x, Aᵀ g⟩ for every x and g.
@Suite struct AdjointTests {
  /// Samples that are linear in their first input.
  static let linear = Catalogue.samples.filter { sample in
    switch sample.op {
    case let op as Convolution: op.epilogue.steps.isEmpty
    case let op as TransposedConvolution: op.epilogue.steps.isEmpty
    case let op as Dense: op.epilogue.steps.isEmpty
    case let op as Pool: op.kind == .average
    case let op as Reduce: op.kind != .maximum
    case is Stretch, is ConvolutionInputGradient, is ConvolutionWeightGradient, is Upsample,
      is UpsampleGradient, is TemporalWindow, is TemporalWindowGradient, is SelectChannels,
      is PadChannels, is TurnWeights, is Reshape, is FourierTransform:
      true
    default: false
    }
  }

  @Test(arguments: linear.map(\.name)) func innerProductsAgree(_ name: String) throws {
    let sample = try #require(Self.linear.first { $0.name == name })
    var graph = Graph()
    let inputs = sample.inputs.enumerated().map { graph.input("in\($0)", $1.type) }
    let y = try graph.apply(sample.op, to: inputs)[0]
    let given = Reference.random(graph.type(of: y).shape, -1...1, seed: 19)
    let gradients = try graph.gradients(
      of: y, given: graph.constant(given.tensor), withRespectTo: [inputs[0]])
    graph.output("y", y)
    graph.output("back", try #require(gradients[0]))
    let values = graph.evaluate(
      Dictionary(uniqueKeysWithValues: sample.inputs.enumerated().map { ("in\($0)", $1) }))
    let forward = zip(values["y"]!.values, given.values).map(*)
    let back = zip(values["back"]!.values, sample.inputs[0].values).map(*)
    let scale = forward.reduce(0) { $0 + abs($1) }
    #expect(abs(forward.reduce(0, +) - back.reduce(0, +)) <= 1e-12 * scale, "\(name)")
  }

  @Test func everyLinearOpIsHere() {
    let names = Set(Self.linear.map(\.op.name))
    #expect(names.count == 17, "\(names.sorted())")
  }
}
