import Compute
import Testing

/// The filters' gradients by definition: ⟨g, A x⟩ = ⟨gradient(g), x⟩ for every x and g.
@Suite struct FilterGradientTests {
  static let shapes = [[1, 1, 1], [2, 3, 5], [1, 13, 17], [1, 33, 2]]

  @Test(arguments: shapes) func differenceOfGaussiansIsItsOwnAdjoint(_ shape: [Int]) throws {
    try check(DifferenceOfGaussians(narrow: 0.8, wide: 2), shape)
  }

  @Test(arguments: shapes) func bothWaveletPlanesCount(_ shape: [Int]) throws {
    try check(Wavelet(), shape)
  }

  private func check(_ op: any Op, _ shape: [Int]) throws {
    let x = Reference.random(shape, -1...1, seed: 1)
    var graph = Graph()
    let input = graph.input("x", x.type)
    let outputs = try graph.apply(op, to: [input])
    let given = outputs.indices.map { Reference.random(shape, -1...1, seed: UInt64($0) + 2) }
    let seeds = outputs.indices.map { graph.input("g\($0)", x.type) }
    let gradient = try op.gradient([input], outputs, given: seeds, in: &graph)
    for (index, value) in outputs.enumerated() { graph.output("y\(index)", value) }
    graph.output("gradient", try #require(gradient[0]))
    var inputs = ["x": x]
    for (index, value) in given.enumerated() { inputs["g\(index)"] = value }
    let results = graph.evaluate(inputs)
    let forward = given.indices.reduce(0) { $0 + dot(given[$1], results["y\($1)"]!) }
    #expect(abs(forward - dot(results["gradient"]!, x)) < 1e-12 * Double(x.values.count))
  }

  private func dot(_ a: Reference, _ b: Reference) -> Double {
    zip(a.values, b.values).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
