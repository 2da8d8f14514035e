import Compute

/// A seeded graph of integer-valued sums and chains, on which float32 is exact, so that devices and
/// definition must agree to the bit.
package struct RandomGraph: Sendable {
  package let graph: Graph
  /// Values for every input, small integers.
  package let inputs: [String: Reference]

  /// - Parameters:
  ///   - seed: chooses everything.
  ///   - ops: how many ops are applied, of which some may turn out useless.
  package init(seed: UInt64, ops: Int = 12) throws {
    var generator = SampleGenerator(seed: seed)
    let type = TensorType(.float32, [1, 3, 17, 65, 1030].randomElement(using: &generator)!)
    var graph = Graph()
    var inputs: [String: Reference] = [:]
    var values: [Graph.Value] = []
    for index in 0..<Int.random(in: 1...3, using: &generator) {
      inputs["in\(index)"] = .random(
        type.shape, -16...16, seed: generator.next(), integers: true)
      values.append(graph.input("in\(index)", type))
    }
    for _ in 0..<Int.random(in: 0...2, using: &generator) {
      let values_ = Reference.random(type.shape, -16...16, seed: generator.next(), integers: true)
      values.append(graph.constant(values_.tensor))
    }
    for _ in 0..<ops {
      let a = values.randomElement(using: &generator)!
      if Bool.random(using: &generator) {
        values.append(try graph.apply(Add(), a, values.randomElement(using: &generator)!))
      } else {
        values.append(try graph.apply(Self.chain(&generator), a))
      }
    }
    for index in 0..<Int.random(in: 1...3, using: &generator) {
      graph.output("out\(index)", values.suffix(ops).randomElement(using: &generator)!)
    }
    self.graph = graph
    self.inputs = inputs
  }

  /// One to three steps that double at most once and keep integers integers.
  private static func chain(_ generator: inout SampleGenerator) -> any Op {
    let scale: Float = [1, -1, 2].randomElement(using: &generator)!
    let shift = Float(Int.random(in: -5...5, using: &generator))
    let bound = Float(Int.random(in: -9...9, using: &generator))
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: return Elementwise(.affine(scale: 1, shift: 0))
    case 1: return Elementwise(.affine(scale: scale, shift: shift))
    case 2: return Elementwise(.affine(scale: scale, shift: shift), .atLeast(bound))
    case 3: return Elementwise(.atMost(bound))
    default:
      return Elementwise(
        .atMost(bound + 20), .affine(scale: -1, shift: shift), .atLeast(bound - 20))
    }
  }

  /// What `executable` makes of the inputs.
  package func run(_ executable: any Executable) throws -> [String: Tensor] {
    for (name, value) in inputs { try executable.write(name, value.tensor.bytes) }
    try executable.run()
    var outputs: [String: Tensor] = [:]
    for name in graph.outputNames { outputs[name] = try executable.read(name) }
    return outputs
  }

  /// What the definitions make of them.
  package func expected() -> [String: Tensor] { graph.evaluate(inputs).mapValues(\.tensor) }
}

extension Reference {
  fileprivate static func random(
    _ shape: [Int], _ range: ClosedRange<Double>, seed: UInt64, integers: Bool
  ) -> Reference {
    var result = random(shape, range, seed: seed)
    if integers { for index in result.values.indices { result.values[index].round() } }
    return result
  }
}
