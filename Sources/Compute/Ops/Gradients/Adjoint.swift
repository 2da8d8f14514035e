/// The adjoint of a linear op of one tensor: that op's gradient, and itself differentiated by that op.
protocol Adjoint: Op {
  associatedtype Linear: Op
  /// The op that it is the adjoint of.
  var linear: Linear { get }
}

extension Adjoint {
  public var parameters: String { linear.parameters }

  public func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: inputs[0].count, bytes: inputs[0].bytes + outputs[0].bytes)
  }

  public func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.apply(linear, given[0]!)]
  }
}

extension Site {
  /// The site of an op whose adjoint stands here.
  var reversed: Site { Site(inputs: outputs, outputs: inputs, device: device) }
}
