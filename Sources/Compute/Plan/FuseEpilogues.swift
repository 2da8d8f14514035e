extension Graph {
  /// Moves an elementwise chain into the op that makes its input, if that op can apply it before
  /// storing and nothing else uses the bare result.
  package func fusingEpilogues() throws(ShapeError) -> Graph {
    let uses = uses
    return try rebuilt { op, old, inputs, graph throws(ShapeError) in
      guard let chain = op as? Elementwise, uses[old[0]] == 1,
        let fused = graph.epilogueHost(of: inputs[0])?.absorbing(chain.steps)
      else { return try graph.apply(op, to: inputs) }
      graph.replace(inputs[0], by: fused)
      return inputs
    }
  }

  /// The op that makes a value as its only output, if it takes epilogues.
  private func epilogueHost(of value: Value) -> (any EpilogueHost)? {
    guard case .op(let op, _) = nodes[value.node].source, nodes[value.node].types.count == 1 else {
      return nil
    }
    return op as? any EpilogueHost
  }
}
