/// Where the elements of a dataset are stored (IV.A.2.i).
enum HDF5Layout {
  /// In the header itself.
  case compact(ByteCursor)
  /// In one piece; no address if nothing was ever written.
  case contiguous(address: Int?, size: Int?)
  case chunked(Chunks)

  struct Chunks {
    /// How chunks are found.
    enum Index {
      /// B-tree of version 1, keyed by each chunk's first element.
      case tree1
      /// One chunk; its stored size if it is filtered.
      case single(size: Int?, skipped: UInt32)
      /// All chunks in sequence.
      case implicit
      case fixedArray, extensibleArray
      case tree2
    }

    let index: Index
    /// nil if no chunk was ever written.
    let address: Int?
    /// Elements along each axis.
    let shape: [Int]
    let elementBytes: Int
    /// Chunks that extend beyond the dataset's edge are stored without filters.
    var edgesAreUnfiltered = false
  }

  init(_ body: ByteCursor, name: String) throws(FileFault) {
    var body = body
    let at = body.position
    let version = try body.byte()
    switch version {
    case 1, 2: self = try Self.old(&body, at)
    case 3, 4, 5: self = try Self.new(&body, Int(version), name, at)
    default: throw FileFault("has a layout of an unknown version", byte: at)
    }
  }

  private static func old(_ body: inout ByteCursor, _ at: Int) throws(FileFault) -> HDF5Layout {
    let rank = try body.length(1)
    let kind = try body.byte()
    try body.skip(5)
    let address = kind == 0 ? nil : try body.address()
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(try body.length(4)) }
    switch kind {
    case 0: return .compact(try body.part(try body.length(4)))
    case 1: return .contiguous(address: address, size: nil)
    case 2:
      guard let elementBytes = shape.popLast() else { break }
      return .chunked(
        Chunks(index: .tree1, address: address, shape: shape, elementBytes: elementBytes))
    default: break
    }
    throw FileFault("has a layout of an unknown kind", byte: at)
  }

  private static func new(
    _ body: inout ByteCursor, _ version: Int, _ name: String, _ at: Int
  ) throws(FileFault) -> HDF5Layout {
    switch try body.byte() {
    case 0: return .compact(try body.part(try body.length(2)))
    case 1: return .contiguous(address: try body.address(), size: try body.length(8))
    case 2:
      return .chunked(version == 3 ? try chunks3(&body, at) : try chunks4(&body, at))
    case 3:
      throw .refusal(
        "keeps `\(name)` in other files (a virtual dataset), which are not opened",
        hint: "copy it into one file, for example with h5repack")
    default: throw FileFault("has a layout of an unknown kind", byte: at)
    }
  }

  private static func chunks3(_ body: inout ByteCursor, _ at: Int) throws(FileFault) -> Chunks {
    let rank = try body.length(1)
    let address = try body.address()
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(try body.length(4)) }
    guard let elementBytes = shape.popLast() else {
      throw FileFault("has chunks without a size", byte: at)
    }
    return Chunks(index: .tree1, address: address, shape: shape, elementBytes: elementBytes)
  }

  private static func chunks4(_ body: inout ByteCursor, _ at: Int) throws(FileFault) -> Chunks {
    let flags = try body.byte()
    let rank = try body.length(1)
    let width = try body.length(1)
    var shape: [Int] = []
    guard 1...8 ~= width else { throw FileFault("has chunks without a size", byte: at) }
    for _ in 0..<rank { shape.append(try body.length(width)) }
    guard let elementBytes = shape.popLast() else {
      throw FileFault("has chunks without a size", byte: at)
    }
    let index: Chunks.Index
    switch try body.byte() {
    case 1:
      index =
        flags & 2 != 0
        ? .single(size: try body.length(8), skipped: UInt32(try body.unsigned(4)))
        : .single(size: nil, skipped: 0)
    case 2: index = .implicit
    case 3:
      try body.skip(1)
      index = .fixedArray
    case 4:
      try body.skip(5)
      index = .extensibleArray
    case 5:
      try body.skip(6)
      index = .tree2
    default: throw FileFault("has a chunk index of an unknown kind", byte: at)
    }
    return Chunks(
      index: index, address: try body.address(), shape: shape, elementBytes: elementBytes,
      edgesAreUnfiltered: flags & 1 != 0)
  }
}
