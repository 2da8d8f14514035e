extension Graph {
  /// An elementwise chain moves into the op that makes its input, where that op can apply it before
  /// storing and nobody else wants the bare result.
  func fusingEpilogues() throws(ShapeError) -> Graph {
    let uses = uses
    var absorbed: [Int: (host: any Op, chain: Int)] = [:]  // producer node -> op with epilogue
    var passed: Set<Int> = []  // elementwise nodes that became part of their producer
    for (index, node) in nodes.enumerated() {
      guard case .op(let op, let inputs) = node.source, let chain = op as? Elementwise,
        uses[inputs[0]] == 1
      else { continue }
      let producer = inputs[0].node
      let root = absorbed.first { $0.value.chain == producer }?.key ?? producer
      guard case .op(let original, _) = nodes[root].source, nodes[root].types.count == 1,
        let host = (absorbed[root]?.host ?? original) as? any EpilogueHost,
        let fused = host.absorbing(chain.steps)
      else { continue }
      absorbed[root] = (fused, index)
      passed.insert(index)
    }
    var index = -1
    let order = nodes.indices.filter { isReachableOp($0) }
    return try rebuiltTyped { op, inputs, graph throws(ShapeError) in
      index += 1
      let node = order[index]
      if passed.contains(node) { return inputs }
      return try graph.apply(absorbed[node]?.host ?? op, to: inputs)
    }
  }

  private func isReachableOp(_ node: Int) -> Bool {
    if case .op = nodes[node].source { reachable.contains(node) } else { false }
  }
}
