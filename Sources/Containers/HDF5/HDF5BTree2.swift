extension HDF5Storage {
  /// Calls a function with every record of a B-tree of version 2 (III.A.2), in no particular order,
  /// and with the tree's kind, which must be one of `kinds`.
  func forEachRecord(
    ofTree address: Int, kinds: Set<UInt8>,
    _ body: (_ kind: UInt8, _ record: inout ByteCursor) throws(FileFault) -> Void
  ) throws(FileFault) {
    var head = try structure("BTHD", at: address, 38, checked: true)
    try head.skip(1)
    let kind = try head.byte()
    let nodeSize = try head.length(4)
    let recordSize = try head.length(2)
    let depth = try head.length(2)
    try head.skip(2)
    let root = try head.address()
    let count = try head.length(2)
    guard kinds.contains(kind), recordSize > 0, nodeSize > 10 + recordSize, nodeSize <= size,
      depth < 16
    else { throw FileFault("has a tree of a kind that does not belong there", byte: address) }
    guard let root else { return }
    let pointers = Self.pointerWidths(nodeSize: nodeSize, recordSize: recordSize, depth: depth)
    var visited: Set<Int> = []
    var nodes = [(address: root, count: count, depth: depth)]
    while let node = nodes.popLast() {
      guard visited.insert(node.address).inserted else {
        throw FileFault("has a tree with a cycle", byte: node.address)
      }
      let isLeaf = node.depth == 0
      var cursor = try structure(isLeaf ? "BTLF" : "BTIN", at: node.address, nodeSize)
      try cursor.skip(1)
      guard try cursor.byte() == kind else {
        throw FileFault("has a node in the wrong tree", byte: node.address)
      }
      var records = try cursor.part(node.count * recordSize)
      if !isLeaf {
        let (number, total) = pointers[node.depth]
        for _ in 0...node.count {
          let child = try cursor.address()
          let count = try cursor.length(number)
          try cursor.skip(total)
          guard let child else { throw FileFault("has a tree with a hole", byte: node.address) }
          nodes.append((child, count, node.depth - 1))
        }
      }
      try verify(cursor, upTo: cursor.offset)
      for _ in 0..<node.count {
        var record = try records.part(recordSize)
        try body(kind, &record)
      }
    }
  }

  /// For nodes of each depth, the widths in bytes of a child's record count and of its subtree's
  /// total.
  private static func pointerWidths(
    nodeSize: Int, recordSize: Int, depth: Int
  ) -> [(number: Int, total: Int)] {
    let leaf = (nodeSize - 10) / recordSize
    let number = HDF5Datatype.bytes(toHold: leaf)
    var widths = [(number: number, total: 0)]
    var most = leaf
    for level in stride(from: 1, through: depth, by: 1) {
      // The totals of leaves are not stored.
      let total = level == 1 ? 0 : HDF5Datatype.bytes(toHold: most)
      widths.append((number, total))
      let pointer = 8 + number + total
      let records = max(0, (nodeSize - 10 - pointer) / (recordSize + pointer))
      let (product, overflow) = (records + 1).multipliedReportingOverflow(by: most)
      most = overflow ? .max >> 1 : min(.max >> 1, product &+ records)
    }
    return widths
  }
}
