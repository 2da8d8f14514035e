/// The adjoint of a linear op of one tensor. It is that op's gradient, and the op is its gradient.
protocol Adjoint: Op {
  associatedtype Linear: Op
  /// The op whose adjoint this is.
  var linear: Linear { get }
}

extension Adjoint {
  package var parameters: String { linear.parameters }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: inputs[0].count, bytes: inputs[0].bytes + outputs[0].bytes)
  }

  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    [try graph.apply(linear, given[0]!)]
  }
}

extension Site {
  /// The site of the op whose adjoint is at this site.
  var reversed: Site { Site(inputs: outputs, outputs: inputs, device: device) }
}
