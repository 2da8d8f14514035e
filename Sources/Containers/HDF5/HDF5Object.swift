/// One message of an object header.
struct HDF5Message {
  let kind: Int
  let flags: Int
  let body: ByteCursor
}

/// An object of an HDF5 file, a group or a dataset: the messages of its header.
///
/// Source: HDF5 File Format Specification 3.0, IV.A.1 (versions 1 and 2 of the header).
struct HDF5Object {
  /// The kinds of messages that are used (IV.A.2).
  enum Kind {
    static let dataspace = 0x01
    static let linkInfo = 0x02
    static let datatype = 0x03
    static let oldFillValue = 0x04
    static let fillValue = 0x05
    static let link = 0x06
    static let externalFiles = 0x07
    static let layout = 0x08
    static let filters = 0x0B
    static let attribute = 0x0C
    static let continuation = 0x10
    static let symbolTable = 0x11
    static let attributeInfo = 0x15
  }

  let address: Int
  private(set) var messages: [HDF5Message] = []

  init(_ storage: HDF5Storage, at address: Int) throws(FileFault) {
    self.address = address
    var head = try storage.cursor(at: address, min(34, max(0, storage.size - address)))
    var blocks: [(address: Int, size: Int)]
    let isNew = head.bytes.starts(with: "OHDR".utf8)
    var tracksOrder = false
    if isNew {
      try head.skip(4)
      guard try head.byte() == 2 else {
        throw FileFault("has an object header of an unknown version", byte: head.position)
      }
      let flags = Int(try head.byte())
      tracksOrder = flags & 4 != 0
      try head.skip((flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0))
      let size = try head.length(1 << (flags & 3))
      let prefix = head.offset
      guard size <= storage.size else {
        throw FileFault("has an object header that is truncated", byte: head.position)
      }
      let whole = try storage.structure("OHDR", at: address, prefix + size + 4, checked: true)
      blocks = []
      try read(
        try ByteCursor(
          whole.bytes, from: prefix, to: prefix + size, origin: whole.position - whole.offset),
        isNew: true, tracksOrder, &blocks)
    } else {
      guard try head.byte() == 1 else {
        throw FileFault("has no object where it should be", byte: head.position - 1)
      }
      try head.skip(7)
      blocks = [(address + 16, try head.length(4))]
    }
    // Blocks that point to each other would never end.
    var left = storage.size
    while let block = blocks.popLast() {
      left -= max(16, block.size)
      guard left >= 0, block.size <= storage.size else {
        throw FileFault("has an object header with a cycle", byte: address)
      }
      if isNew {
        var cursor = try storage.structure("OCHK", at: block.address, block.size, checked: true)
        try read(try cursor.part(block.size - 8), isNew: true, tracksOrder, &blocks)
      } else {
        try read(
          try storage.cursor(at: block.address, block.size), isNew: false, false, &blocks)
      }
    }
  }

  /// Adds the messages of a block; `blocks` receives its continuations.
  private mutating func read(
    _ block: ByteCursor, isNew: Bool, _ tracksOrder: Bool,
    _ blocks: inout [(address: Int, size: Int)]
  ) throws(FileFault) {
    var cursor = block
    let smallest = isNew ? (tracksOrder ? 6 : 4) : 8
    while cursor.left >= smallest {
      let kind = try cursor.length(isNew ? 1 : 2)
      let size = try cursor.length(2)
      let flags = try cursor.length(1)
      try cursor.skip(smallest - (isNew ? 4 : 5))
      var body = try cursor.part(size)
      if kind == Kind.continuation {
        guard let address = try body.address() else { continue }
        blocks.append((address, try body.length(8)))
      } else if kind != 0 {
        messages.append(HDF5Message(kind: kind, flags: flags, body: body))
      }
    }
  }

  func first(_ kind: Int) -> HDF5Message? { messages.first { $0.kind == kind } }
}

extension HDF5Storage {
  /// The content of a message; a shared message is stored in another object.
  func body(of message: HDF5Message) throws(FileFault) -> ByteCursor {
    message.flags & 2 == 0
      ? message.body : try shared(message.kind, message.body)
  }

  /// The target of a reference to a shared message (IV.A.2, shared messages): a named datatype.
  func shared(_ kind: Int, _ reference: ByteCursor) throws(FileFault) -> ByteCursor {
    var reference = reference
    let at = reference.position
    let (version, type) = (try reference.byte(), try reference.byte())
    guard version == 2 || version == 3 && type == 2, let address = try reference.address() else {
      throw .refusal(
        "shares the descriptions of its objects in a table of messages (byte \(at))",
        hint: "rewrite it without shared messages, for example with h5repack")
    }
    guard let message = try object(at: address).first(kind), message.flags & 2 == 0 else {
      throw FileFault("refers to a description that does not exist", byte: at)
    }
    return message.body
  }
}
