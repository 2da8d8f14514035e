import CHDF5

/// The attributes of one object of an HDF5 file, decoded without the library.
///
/// libhdf5 1.10 reads past its buffers while it decodes a damaged attribute, and trusts whatever a
/// variable-length text points to: one flipped bit there ends the process.
/// Layout: HDF5 File Format Specification 3.0, IV.A.1 (object headers), IV.A.2.m (attribute message),
/// IV.A.2.v (attribute info message).
struct H5Attributes {
  private let file: H5RawFile
  /// Where the file's addresses count from.
  private let base: Int
  private var found: [H5Attribute] = []
  /// More attributes than a header holds lie in a heap.
  private var inHeap = false

  /// Continuations of a header that points to itself would not end.
  private static let mostBlocks = 256
  /// A heap of attributes behind so many bytes is not looked for.
  private static let farthest = 256 << 20

  /// The attributes of the object whose header lies at `address`.
  init(_ file: H5RawFile, header address: Int, base: Int) {
    self.file = file
    self.base = base
    guard let head = bytes(address, 16) else { return }
    if head.starts(with: "OHDR") {
      readSecondVersion(address)
    } else if head.number(0, bytes: 1) == 1, let size = head.number(8, bytes: 4) {
      readMessages(blocks: [(address + 16, size)], first: 0) { block, place in
        guard let kind = block.number(place, bytes: 2),
          let size = block.number(place + 2, bytes: 2),
          let flags = block.number(place + 4, bytes: 1)
        else { return nil }
        return Message(kind: kind, flags: flags, start: place + 8, size: size)
      }
    }
  }

  /// An attribute by name, nil where there is none that can be read.
  subscript(name: String) -> H5Attribute? {
    found.first { $0.name == name } ?? (inHeap ? inHeap(name) : nil)
  }

  private struct Message {
    var kind: Int
    var flags: Int
    var start: Int
    var size: Int
  }

  private mutating func readSecondVersion(_ address: Int) {
    guard let flags = bytes(address, 6)?.number(5, bytes: 1) else { return }
    let sizeBytes = 1 << (flags & 3)
    // Times of access, and bounds of the number of attributes, come before the size.
    let sizePlace = address + 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
    guard let size = bytes(sizePlace, sizeBytes)?.number(0, bytes: sizeBytes) else { return }
    let prefix = flags & 4 != 0 ? 6 : 4
    readMessages(blocks: [(sizePlace + sizeBytes, size)], first: 4) { block, place in
      guard let kind = block.number(place, bytes: 1), let size = block.number(place + 1, bytes: 2),
        let flags = block.number(place + 3, bytes: 1)
      else { return nil }
      return Message(kind: kind, flags: flags, start: place + prefix, size: size)
    }
  }

  /// Reads the messages of a header and of its continuations, of which each has `first` bytes of
  /// signature before its messages and as many of a checksum behind them.
  private mutating func readMessages(
    blocks: [(address: Int, size: Int)], first: Int,
    _ next: (_ block: H5Bytes, _ place: Int) -> Message?
  ) {
    var blocks = blocks
    var index = 0
    while index < blocks.count, index < Self.mostBlocks {
      defer { index += 1 }
      guard let block = bytes(blocks[index].address, blocks[index].size) else { continue }
      var place = 0
      while let message = next(block, place), let body = block.part(message.start, message.size) {
        place = message.start + message.size
        // A shared message lies elsewhere.
        guard message.flags & 2 == 0 else { continue }
        switch message.kind {
        case 0x0C: if let attribute = H5Attribute(message: body) { found.append(attribute) }
        case 0x10:
          guard let address = body.number(0, bytes: 8), let size = body.number(8, bytes: 8),
            size < file.count, address < file.count, size >= 2 * first
          else { continue }
          blocks.append((address + first, size - 2 * first))
        case 0x15:
          let counts = (body.number(1, bytes: 1) ?? 0) & 1 != 0 ? 4 : 2
          inHeap = body.number(counts, bytes: 8).map { $0 != .max } ?? false
        default: continue
        }
      }
    }
  }

  /// In a heap each attribute lies as its whole message, which is looked for by its name, a megabyte of
  /// the file at a time.
  private func inHeap(_ name: String) -> H5Attribute? {
    let (step, overlap) = (1 << 20, 65_536)
    for start in stride(from: 0, to: min(file.count, Self.farthest), by: step) {
      guard let part = file.bytes(start, min(file.count - start, step + overlap)) else {
        return nil
      }
      var from = 0
      while let place = part.place(of: name, from: from) {
        for prefix in [8, 9] {
          if let message = part.part(place - prefix, part.count - place + prefix),
            let attribute = H5Attribute(message: message), attribute.name == name
          {
            return attribute
          }
        }
        from = place + 1
      }
    }
    return nil
  }

  private func bytes(_ address: Int, _ count: Int) -> H5Bytes? {
    address < file.count ? file.bytes(base + address, count) : nil
  }
}

/// One attribute: numbers, or a text.
struct H5Attribute {
  private enum Value {
    case numbers(H5Number)
    case text, variableText, other
  }

  let name: String
  private let kind: Value
  private let elements: Int
  private let data: H5Bytes

  /// nil where the bytes are no attribute message.
  init?(message: H5Bytes) {
    guard let version = message.number(0, bytes: 1), (1...3).contains(version),
      let nameBytes = message.number(2, bytes: 2), let typeBytes = message.number(4, bytes: 2),
      let spaceBytes = message.number(6, bytes: 2)
    else { return nil }
    // Types and spaces that are shared lie elsewhere.
    guard version == 1 || message.number(1, bytes: 1) == 0 else { return nil }
    // Version 1 fills each part up to eight bytes.
    let full = { version == 1 ? ($0 + 7) / 8 * 8 : $0 }
    let namePlace = version == 3 ? 9 : 8
    let typePlace = namePlace + full(nameBytes)
    let spacePlace = typePlace + full(typeBytes)
    let dataPlace = spacePlace + full(spaceBytes)
    guard let name = message.part(namePlace, nameBytes),
      let type = message.part(typePlace, typeBytes),
      let space = message.part(spacePlace, spaceBytes),
      let elements = Self.elements(space),
      let data = message.part(dataPlace, message.count - dataPlace)
    else { return nil }
    self.name = name.text
    self.elements = elements
    let size: Int
    (kind, size) = Self.kind(type)
    guard size > 0, elements <= data.count / size, let data = data.part(0, elements * size) else {
      return nil
    }
    self.data = data
  }

  /// Its values; nil for a text.
  var numbers: [Double]? {
    guard case .numbers(let number) = kind else { return nil }
    return data.withUnsafeBytes {
      number.read($0, from: 0, stride: number.bytes, count: elements)
    }
  }

  /// Its only text, which lies in `file` where it is of variable length.
  func text(in file: H5RawFile, base: Int) -> String? {
    guard elements == 1 else { return nil }
    switch kind {
    case .text: return data.text
    case .variableText: return H5GlobalHeap(file, base: base).text(data)
    case .numbers, .other: return nil
    }
  }

  /// Bytes 0–7 of a datatype message are class and version, bits of the class, and size.
  private static func kind(_ type: H5Bytes) -> (Value, size: Int) {
    guard let first = type.number(0, bytes: 1), let bits = type.number(1, bytes: 3),
      let size = type.number(4, bytes: 4)
    else { return (.other, 0) }
    switch first & 15 {
    case 3: return (.text, size)
    case 9 where bits & 15 == 1 && size == 16: return (.variableText, size)
    case 8:
      // Truth values of h5py: an enumeration of the whole numbers whose type follows.
      if let base = type.part(8, 12), case (.numbers(let number), size) = kind(base) {
        return (.numbers(number), size)
      }
    default: if let number = H5Number(message: type) { return (.numbers(number), size) }
    }
    return (.other, size)
  }

  private static func elements(_ space: H5Bytes) -> Int? {
    guard let version = space.number(0, bytes: 1), let rank = space.number(1, bytes: 1), rank <= 32
    else { return nil }
    // Version 2 tells "no value" apart.
    if version == 2, space.number(3, bytes: 1) == 2 { return 0 }
    let first = version == 1 ? 8 : 4
    var product = 1
    for axis in 0..<rank {
      guard let length = space.number(first + 8 * axis, bytes: 8) else { return nil }
      let (result, overflow) = product.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      product = result
    }
    return product
  }
}
