extension Graph {
  /// Adds the gradient of Σ `given` · `output` (with `given` nil: of the sum of `output`) with
  /// respect to each of `inputs`, which may be parameters.
  ///
  /// One reverse pass over the ops' gradient rules. The result is ordinary nodes, so training runs
  /// on the same plans and devices as inference. An input that `output` does not depend on gets
  /// nil. Throws `GradientError` if the path leads through an op without a derivative.
  package mutating func gradients(
    of output: Value, given weights: Value? = nil, withRespectTo inputs: [Value]
  ) throws -> [Value?] {
    try gradients(of: output, given: weights, withRespectTo: inputs, since: 0)
  }

  /// The same for part of a graph: nodes before `first` count as given.
  mutating func gradients(
    of output: Value, given weights: Value?, withRespectTo inputs: [Value], since first: Int
  ) throws -> [Value?] {
    let type = type(of: output)
    let ones = Tensor([Float](repeating: 1, count: type.count), shape: type.shape)
    var towards = [output: weights ?? constant(ones)]
    precondition(
      type.element == .float32 && self.type(of: towards[output]!) == type,
      "weights are float32 and of the output's shape")
    let depends = dependents(of: Set(inputs), upTo: output.node)
    for index in stride(from: output.node, through: first, by: -1) where depends.contains(index) {
      guard case .op(let op, let sources) = nodes[index].source else { continue }
      let values = nodes[index].types.indices.map { Value(node: index, output: $0) }
      let given = values.map { towards[$0] }
      guard given.contains(where: { $0 != nil }) else { continue }
      let parts = try op.gradient(sources, values, given: given, in: &self)
      for (source, part) in zip(sources, parts) {
        guard let part else { continue }
        towards[source] = try towards[source].map { try apply(Add(), $0, part) } ?? part
      }
    }
    return inputs.map { towards[$0] }
  }

  private func dependents(of values: Set<Value>, upTo last: Int) -> Set<Int> {
    var result = Set(values.map(\.node))
    for index in 0...last {
      if case .op(_, let inputs) = nodes[index].source,
        inputs.contains(where: { result.contains($0.node) })
      {
        result.insert(index)
      }
    }
    return result
  }
}
