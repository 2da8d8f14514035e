extension Graph {
  /// Parts of a concatenation that their producers can write where they belong: `first` is the part's
  /// first channel in `whole`.
  struct PlacedPart: Hashable {
    let whole: Value
    let first: Int
  }

  /// The parts of concatenations that need no copy: made by an op that can write a range of channels,
  /// and otherwise only read by ops that can read one.
  func placedParts() -> [Value: PlacedPart] {
    var readers: [Value: [(node: Int, input: Int)]] = [:]
    for (index, node) in nodes.enumerated() {
      guard case .op(_, let inputs) = node.source else { continue }
      for (input, value) in inputs.enumerated() {
        readers[value, default: []].append((index, input))
      }
    }
    let named = Set(outputs.map(\.value))
    var placed: [Value: PlacedPart] = [:]
    for (index, node) in nodes.enumerated() {
      guard case .op(is Concat, let parts) = node.source else { continue }
      let whole = Value(node: index, output: 0)
      var first = 0
      for (input, part) in parts.enumerated() {
        defer { first += type(of: part).channels }
        guard !named.contains(part), case .op(is any ChannelRanged, _) = nodes[part.node].source,
          readers[part]!.allSatisfy({ reader in
            if reader.node == index { return reader.input == input }
            guard case .op(let op as any ChannelRanged, _) = nodes[reader.node].source else {
              return false
            }
            return op.readsRange(reader.input)
          })
        else { continue }
        placed[part] = PlacedPart(whole: whole, first: first)
      }
    }
    return placed
  }
}
