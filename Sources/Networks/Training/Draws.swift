import Compute
import Foundation

/// Random draws in a graph, each with a stream of its own, so that seed and step determine them.
package struct Draws {
  /// The input that holds seed and step; see `RandomNumbers.clock`.
  let clock: Graph.Value
  private var streams: UInt32 = 0

  init(_ clock: Graph.Value) { self.clock = clock }

  private mutating func draw(
    _ distribution: RandomNumbers.Distribution, _ parameters: [Graph.Value] = [],
    in graph: inout Graph
  ) throws -> Graph.Value {
    defer { streams += 1 }
    let op = RandomNumbers(distribution, stream: streams)
    return try graph.apply(op, to: [clock] + parameters)[0]
  }

  /// In [0, 1).
  mutating func uniform(_ shape: [Int], in graph: inout Graph) throws -> Graph.Value {
    try draw(.uniform(shape), in: &graph)
  }

  mutating func normal(_ shape: [Int], in graph: inout Graph) throws -> Graph.Value {
    try draw(.normal(shape), in: &graph)
  }

  mutating func poisson(_ mean: Graph.Value, in graph: inout Graph) throws -> Graph.Value {
    try draw(.poisson, [mean], in: &graph)
  }

  mutating func gamma(_ shape: Graph.Value, in graph: inout Graph) throws -> Graph.Value {
    try draw(.gamma, [shape], in: &graph)
  }

  /// Numbers in a range.
  mutating func values(
    in range: DrawnRange, _ shape: [Int], in graph: inout Graph
  ) throws -> Graph.Value {
    try graph.apply(
      Elementwise(range.steps), uniform(shape, in: &graph))
  }

  /// 1 with this probability, else 0.
  mutating func coin(_ share: Double, _ shape: [Int], in graph: inout Graph) throws -> Graph.Value {
    let bound = graph.constant(Tensor([Float(share)], shape: shape.map { _ in 1 }))
    return try graph.apply(Binary(.less), uniform(shape, in: &graph), bound)
  }
}

/// A range from which a value is drawn, evenly or with an even logarithm.
package struct DrawnRange: Codable, Hashable, Sendable {
  package var from: Double
  package var to: Double
  /// Every ratio counts the same, as suits a range over several orders of magnitude.
  package var logarithmic: Bool

  package init(_ from: Double, _ to: Double, logarithmic: Bool = false) {
    self.from = from
    self.to = to
    self.logarithmic = logarithmic
  }

  package init(_ value: Double) { self.init(value, value) }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    from = try container.decode(Double.self, forKey: .from)
    to = try container.decode(Double.self, forKey: .to)
    logarithmic = try container.decodeIfPresent(Bool.self, forKey: .logarithmic) ?? false
  }

  /// Whether the range can be drawn from, with values of at least `least`.
  func isValid(least: Double) -> Bool {
    from >= least && from <= to && to.isFinite && (!logarithmic || from > 0)
  }

  /// From a number in [0, 1) to one in the range.
  var steps: [ElementwiseStep] {
    if logarithmic {
      return [.affine(scale: Float(log(to / from)), shift: Float(log(from))), .exp]
    }
    return [.affine(scale: Float(to - from), shift: Float(from))]
  }
}
