/// The target of a name in a group.
enum HDF5Link {
  /// The address of an object in this file.
  case object(Int)
  /// Another path in this file.
  case path(String)
  /// An object in another file. Never followed, since it could be any file that the user may read.
  case otherFile(String)
}

extension HDF5Storage {
  /// The names in a group; none if the object is not a group.
  ///
  /// Old groups have a B-tree of symbols and a heap of names (III.A.1, III.B, III.D). New ones have
  /// link messages in the header (IV.A.2.g), or for many links a fractal heap with a B-tree of
  /// version 2.
  func links(of group: HDF5Object) throws(FileFault) -> [String: HDF5Link] {
    var links: [String: HDF5Link] = [:]
    for message in group.messages {
      var body = message.body
      switch message.kind {
      case HDF5Object.Kind.symbolTable:
        guard let tree = try body.address(), let heap = try body.address() else { continue }
        try readSymbols(tree: tree, names: try names(at: heap), into: &links)
      case HDF5Object.Kind.link: try readLink(&body, into: &links)
      case HDF5Object.Kind.linkInfo:
        try body.skip(1)
        try body.skip(try body.byte() & 1 != 0 ? 8 : 0)
        guard let heap = try body.address(), let tree = try body.address() else { continue }
        var objects = try HDF5FractalHeap(self, at: heap)
        try forEachRecord(ofTree: tree, kinds: [5]) { _, record throws(FileFault) in
          try record.skip(4)
          var link = try objects.object(try record.part(7))
          try self.readLink(&link, into: &links)
        }
      default: continue
      }
    }
    return links
  }

  /// The names of an old group, one after another, each zero-terminated.
  private func names(at heap: Int) throws(FileFault) -> ByteCursor {
    var head = try structure("HEAP", at: heap, 32)
    try head.skip(4)
    let size = try head.length(8)
    try head.skip(8)
    guard let segment = try head.address() else {
      throw FileFault("has a group without names", byte: head.position)
    }
    return try cursor(at: segment, size)
  }

  /// Walks the B-tree of an old group down to its symbols.
  private func readSymbols(
    tree: Int, names: ByteCursor, into links: inout [String: HDF5Link]
  ) throws(FileFault) {
    var visited: Set<Int> = []
    var nodes = [tree]
    while let node = nodes.popLast() {
      guard visited.insert(node).inserted else {
        throw FileFault("has a group with a cycle", byte: node)
      }
      let head = try cursor(at: node, 8)
      if head.bytes.starts(with: "SNOD".utf8) {
        try readSymbols(node: node, count: Self.count(head), names: names, into: &links)
      } else {
        var entries = try structure("TREE", at: node, 24 + 8 + 16 * Self.count(head))
        guard try entries.byte() == 0 else {
          throw FileFault("has a tree of chunks where a group should be", byte: node)
        }
        try entries.skip(1 + 2 + 16)
        while entries.left >= 24 {
          try entries.skip(8)
          if let child = try entries.address() { nodes.append(child) }
        }
      }
    }
  }

  /// The number of entries of a node of either kind, which has a header of eight bytes.
  private static func count(_ head: ByteCursor) -> Int {
    Int(head.bytes[6]) | Int(head.bytes[7]) << 8
  }

  private func readSymbols(
    node: Int, count: Int, names: ByteCursor, into links: inout [String: HDF5Link]
  ) throws(FileFault) {
    var symbols = try structure("SNOD", at: node, 8 + 40 * count)
    try symbols.skip(4)
    func text(_ offset: Int) throws(FileFault) -> String {
      guard offset < names.end else {
        throw FileFault("has a name outside of its heap", byte: node)
      }
      var name = names
      try name.skip(offset)
      let text = try name.zeroEnded()
      try self.count(text.utf8.count)
      return text
    }
    for _ in 0..<count {
      let name = try text(try symbols.length(8))
      let address = try symbols.address()
      let kind = try symbols.unsigned(4)
      try symbols.skip(4)
      var scratch = try symbols.part(16)
      if kind == 2 {
        links[name] = .path(try text(try scratch.length(4)))
      } else if let address {
        links[name] = .object(address)
      }
    }
  }

  private func readLink(
    _ body: inout ByteCursor, into links: inout [String: HDF5Link]
  ) throws(FileFault) {
    let at = body.position
    guard try body.byte() == 1 else {
      throw FileFault("has a link of an unknown version", byte: at)
    }
    let flags = Int(try body.byte())
    let kind = flags & 8 != 0 ? Int(try body.byte()) : 0
    try body.skip((flags & 4 != 0 ? 8 : 0) + (flags & 16 != 0 ? 1 : 0))
    let length = try body.length(1 << (flags & 3))
    let name = String(decoding: try body.take(length), as: UTF8.self)
    switch kind {
    case 0: if let address = try body.address() { links[name] = .object(address) }
    case 1:
      links[name] = .path(String(decoding: try body.take(try body.length(2)), as: UTF8.self))
    default:
      let value = try body.take(try body.length(2))
      // An external link names a file and an object in it.
      let file = kind == 64 ? value.dropFirst().prefix { $0 != 0 } : []
      links[name] = .otherFile(String(decoding: file, as: UTF8.self))
    }
  }
}
