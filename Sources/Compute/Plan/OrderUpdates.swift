extension Graph {
  /// For each new value of a state, the old value that it overwrites.
  ///
  /// A source (input or parameter) is state if an output has its name. Throws `ParameterError` if
  /// the new value has another type, or the op that makes it does not declare in `updates` that it
  /// can overwrite the old one.
  func updates() throws(ParameterError) -> [Value: Value] {
    var result: [Value: Value] = [:]
    for (name, value) in outputs {
      guard let old = source(named: name), old != value else { continue }
      guard type(of: old) == type(of: value) else {
        throw .type(name, type(of: old), type(of: value))
      }
      guard case .op(let op, let inputs) = nodes[value.node].source else {
        throw .undeclared(name, op: nil)
      }
      guard let input = op.updates[value.output], inputs[input] == old else {
        throw .undeclared(name, op: op.label)
      }
      guard inputs.count(where: { $0 == old }) == 1 else {
        throw .readAfterwards(name, op: op.label)
      }
      if let other = outputs.first(where: { $0.value == old }) {
        throw .outlived(name, output: other.name)
      }
      result[value] = old
    }
    return result
  }

  /// The same graph with each op that overwrites a state placed after all others that read the old
  /// value, in whatever order they were applied or fused.
  ///
  /// Throws `ParameterError` as `updates` does, and if one of the others also needs the new value.
  func orderingUpdates() throws(ParameterError) -> Graph {
    let updates = try updates()
    if updates.isEmpty { return self }
    let readers = readers
    // For each op that overwrites, the readers that must come before it.
    var earlier: [Int: [(node: Int, state: String)]] = [:]
    for (new, old) in updates {
      let name = outputs.first { $0.value == new && source(named: $0.name) == old }?.name ?? ""
      for reader in readers[old] ?? [] where reader.node != new.node {
        earlier[new.node, default: []].append((reader.node, name))
      }
    }
    var order: [Int] = []
    var (begun, done): (Set<Int>, Set<Int>) = ([], [])
    func add(_ node: Int, before state: String, op: String) throws(ParameterError) {
      if done.contains(node) { return }
      guard begun.insert(node).inserted else { throw .readAfterwards(state, op: op) }
      if case .op(_, let inputs) = nodes[node].source {
        for input in inputs { try add(input.node, before: state, op: op) }
      }
      for (reader, state) in earlier[node] ?? [] {
        guard case .op(let op, _) = nodes[reader].source else { continue }
        try add(reader, before: state, op: op.label)
      }
      done.insert(node)
      order.append(node)
    }
    for node in nodes.indices { try add(node, before: "", op: "") }
    return reordered(order)
  }
}
