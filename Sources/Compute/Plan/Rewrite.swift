/// An exact change of a graph: the same numbers with less work.
///
/// A rule sees one op whose inputs are already rewritten. It returns values that replace its
/// outputs, or nil to leave it. Each rule has a test on random graphs.
package struct Rewrite: Sendable {
  package let name: String
  let apply: @Sendable (any Op, [Graph.Value], inout Graph) throws(ShapeError) -> [Graph.Value]?

  /// In the order in which they are tried.
  package static let all: [Rewrite] = [
    dropIdentity, normAsAffine, pointwiseBeforeUpsampling, enlargeInsideConvolution,
  ]

  /// Removes an elementwise chain without effect: x · 1 + 0, or no steps.
  static let dropIdentity = Rewrite(name: "drop identity") { op, inputs, _ in
    guard let op = op as? Elementwise,
      op.steps.allSatisfy({ $0 == .affine(scale: 1, shift: 0) })
    else { return nil }
    return inputs
  }
}

extension Graph {
  /// Applies to each op the first rule that fits.
  package func rewritten(_ rules: [Rewrite] = Rewrite.all) throws(ShapeError) -> Graph {
    try rebuilt { op, _, inputs, graph throws(ShapeError) in
      for rule in rules {
        if let values = try rule.apply(op, inputs, &graph) { return values }
      }
      return try graph.apply(op, to: inputs)
    }
  }
}
