extension Graph {
  /// Values that may be stored in half precision: only ops that convert on load and store make and
  /// read them, and they are no outputs of the graph. A concatenation counts as one tensor with its
  /// parts.
  func storableHalves(_ placed: [Value: PlacedPart]) -> Set<Value> {
    let (readers, named) = (readers, Set(outputs.map(\.value)))
    var halves: Set<Value> = []
    for (index, node) in nodes.enumerated() {
      guard case .op(let op, let inputs) = node.source else { continue }
      let value = Value(node: index, output: 0)
      let converts =
        op is any ChannelRanged || (op is Concat && inputs.allSatisfy { placed[$0] != nil })
      let readable = (readers[value] ?? []).allSatisfy {
        readsRange($0) || placed[value]?.whole.node == $0.node
      }
      if converts, readable, !named.contains(value) { halves.insert(value) }
    }
    while true {
      let fit = halves.filter { value in
        if let part = placed[value], !halves.contains(part.whole) { return false }
        return placed.allSatisfy { $0.value.whole != value || halves.contains($0.key) }
      }
      guard fit.count < halves.count else { return fit }
      halves = fit
    }
  }
}
