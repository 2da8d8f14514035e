extension Graph {
  /// Replaces ops whose inputs are all constants by their result, computed once, in Double.
  package func foldingConstants() throws(ShapeError) -> Graph {
    try rebuilt { op, _, inputs, graph throws(ShapeError) in
      let constants = inputs.compactMap { graph.constant(at: $0) }
      guard !inputs.isEmpty, constants.count == inputs.count else {
        return try graph.apply(op, to: inputs)
      }
      return op.reference(constants.map(Reference.init)).map { graph.constant($0.tensor) }
    }
  }
}
