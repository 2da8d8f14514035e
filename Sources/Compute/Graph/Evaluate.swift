extension Graph {
  /// Runs the graph with the reference implementations, in Double. They are slow and simple; every
  /// device must agree with them.
  ///
  /// - Parameter inputs: one per name given to `input` or `parameter`.
  /// - Returns: the outputs by name.
  package func evaluate(_ inputs: [String: Reference]) -> [String: Reference] {
    var values: [Value: Reference] = [:]
    for (index, node) in nodes.enumerated() {
      let results: [Reference]
      switch node.source {
      case .input(let name), .parameter(let name):
        guard let input = inputs[name] else { preconditionFailure("no input named \(name)") }
        precondition(input.type == node.types[0], "\(name) is \(node.types[0]), not \(input.type)")
        results = [input]
      case .constant(let constant): results = [Reference(constant.tensor)]
      case .op(let op, let sources): results = op.reference(sources.map { values[$0]! })
      }
      for (output, result) in results.enumerated() {
        values[Value(node: index, output: output)] = result
      }
    }
    return Dictionary(uniqueKeysWithValues: outputs.map { ($0.name, values[$0.value]!) })
  }
}
