extension Graph {
  /// A part of a concatenation that its producer writes in place; `first` is its first channel in
  /// `whole`.
  struct PlacedPart: Hashable {
    let whole: Value
    let first: Int
  }

  /// The parts of concatenations that need no copy: made by an op that can write a range of
  /// channels, and otherwise read only by ops that can read one.
  func placedParts() -> [Value: PlacedPart] {
    let readers = readers
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
            reader.node == index ? reader.input == input : readsRange(reader)
          })
        else { continue }
        placed[part] = PlacedPart(whole: whole, first: first)
      }
    }
    return placed
  }

  /// A read of a value: the op's node, and the index of its input.
  struct Reader: Hashable {
    let node: Int
    let input: Int
  }

  var readers: [Value: [Reader]] {
    var readers: [Value: [Reader]] = [:]
    for (index, node) in nodes.enumerated() {
      guard case .op(_, let inputs) = node.source else { continue }
      for (input, value) in inputs.enumerated() {
        readers[value, default: []].append(Reader(node: index, input: input))
      }
    }
    return readers
  }

  func readsRange(_ reader: Reader) -> Bool {
    guard case .op(let op as any ChannelRanged, _) = nodes[reader.node].source else { return false }
    return op.readsRange(reader.input)
  }
}
