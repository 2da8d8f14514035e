import Compute

/// A seeded graph of the ops that passes look for, on small integers. The references and every
/// kernel but Winograd's compute them exactly, so that all must agree to the bit.
package struct RandomGraph: Sendable {
  package let graph: Graph
  /// Values for every input, small integers.
  package let inputs: [String: Reference]
  /// Kernels whose sums of integers are exact on every device.
  package static let exactKernels = ["convolution": "direct"]

  /// - Parameters:
  ///   - seed: chooses everything.
  ///   - ops: how many ops are applied; some may turn out to be unused.
  package init(seed: UInt64, ops: Int = 12) throws {
    var generator = SampleGenerator(seed: seed)
    let lists = [[1], [3], [17], [65], [1030]]
    let images = [[1, 4, 6, 2], [2, 2, 4, 3], [1, 6, 2, 8], [1, 4, 4, 9]]
    let hasImages = Int.random(in: 0..<3, using: &generator) > 0
    let type = TensorType(
      .float32, (hasImages ? images : lists).randomElement(using: &generator)!)
    var graph = Graph()
    var inputs: [String: Reference] = [:]
    var values: [Graph.Value] = []
    for index in 0..<Int.random(in: 1...3, using: &generator) {
      inputs["in\(index)"] = .integers(type.shape, -16...16, seed: generator.next())
      values.append(graph.input("in\(index)", type))
    }
    for _ in 0..<Int.random(in: 0...2, using: &generator) {
      values.append(
        graph.constant(Reference.integers(type.shape, -16...16, seed: generator.next()).tensor))
    }
    for _ in 0..<ops {
      // Mostly applied to new values, so that few are unused.
      let a = values.suffix(3).randomElement(using: &generator)!
      switch Int.random(in: 0..<(hasImages ? 7 : 3), using: &generator) {
      case 0:
        values.append(try graph.apply(Add(), a, values.randomElement(using: &generator)!))
      case 1, 2: values.append(try graph.apply(Self.chain(&generator), a))
      case 3: values.append(try Self.norm(a, &graph, &generator))
      case 4: values.append(try Self.convolution(a, &graph, &generator))
      default: values.append(try Self.enlargement(a, &graph, &generator))
      }
    }
    graph.output("out0", values.last!)
    for index in 1..<Int.random(in: 1...3, using: &generator) {
      graph.output("out\(index)", values.suffix(ops).randomElement(using: &generator)!)
    }
    self.graph = graph
    self.inputs = inputs
  }

  /// One to three steps that at most double the values and keep them integers.
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

  /// A batch norm that at most doubles the values: (x − mean) / √(3 + 1) · γ + β with γ 2 or 4.
  private static func norm(
    _ x: Graph.Value, _ graph: inout Graph, _ generator: inout SampleGenerator
  ) throws -> Graph.Value {
    let channels = graph.type(of: x).shape[3]
    func constant(_ values: [Double]) -> Graph.Value {
      graph.constant(Reference(TensorType(.float32, channels), values).tensor)
    }
    let scale = (0..<channels).map { _ in [2.0, 4].randomElement(using: &generator)! }
    let (shift, mean) = (
      Reference.integers([channels], -5...5, seed: generator.next()),
      Reference.integers([channels], -5...5, seed: generator.next())
    )
    return try graph.apply(
      BatchNorm(epsilon: 1), x, constant(scale), constant(shift.values), constant(mean.values),
      constant(Array(repeating: 3, count: channels)))
  }

  /// A convolution of the values clamped to −8...8, to the same size.
  private static func convolution(
    _ x: Graph.Value, _ graph: inout Graph, _ generator: inout SampleGenerator
  ) throws -> Graph.Value {
    let held = try graph.apply(Elementwise(.atLeast(-8), .atMost(8)), x)
    return try weighed(held, [1, 3].randomElement(using: &generator)!, &graph, &generator)
  }

  /// An image clamped to −8...8, enlarged by repetition, convolved, and reduced again.
  private static func enlargement(
    _ x: Graph.Value, _ graph: inout Graph, _ generator: inout SampleGenerator
  ) throws -> Graph.Value {
    let held = try graph.apply(Elementwise(.atLeast(-8), .atMost(8)), x)
    let large = try graph.apply(Upsample(.nearest), held)
    return try graph.apply(
      Pool(.max),
      weighed(large, [1, 3].randomElement(using: &generator)!, &graph, &generator))
  }

  /// A convolution by weights of −1, 0 and 1, with or without a bias.
  private static func weighed(
    _ x: Graph.Value, _ kernel: Int, _ graph: inout Graph, _ generator: inout SampleGenerator
  ) throws -> Graph.Value {
    let channels = graph.type(of: x).shape[3]
    let weights = graph.constant(
      Reference.integers([kernel, kernel, channels, channels], -1...1, seed: generator.next())
        .tensor)
    guard Bool.random(using: &generator) else { return try graph.apply(Convolution(), x, weights) }
    let bias = graph.constant(
      Reference.integers([channels], -5...5, seed: generator.next()).tensor)
    return try graph.apply(Convolution(bias: true), x, weights, bias)
  }

  /// The outputs of `executable` for the inputs.
  package func run(_ executable: any Executable) throws -> [String: Tensor] {
    for (name, value) in inputs { try executable.write(name, value.tensor.bytes) }
    try executable.run()
    var outputs: [String: Tensor] = [:]
    for name in graph.outputNames { outputs[name] = try executable.read(name) }
    return outputs
  }

  /// The outputs of the references.
  package func expected() -> [String: Tensor] { graph.evaluate(inputs).mapValues(\.tensor) }
}

extension Reference {
  fileprivate static func integers(
    _ shape: [Int], _ range: ClosedRange<Double>, seed: UInt64
  ) -> Reference {
    var result = random(shape, range, seed: seed)
    for index in result.values.indices { result.values[index].round() }
    return result
  }
}
