import CZlib

/// The filters that were applied to each chunk before it was stored (IV.A.2.l).
///
/// To add a filter: a case, its number, and its line in `undo`.
struct HDF5Filters: Sendable {
  enum Filter: Int {
    case deflate = 1
    case shuffle = 2
    case fletcher32 = 3
    /// h5py's own compression.
    case lzf = 32000
    /// Imaris writes it.
    case lz4 = 32004
  }

  /// Filters that are not supported, by their registered numbers.
  private static let others = [
    4: "szip", 5: "nbit", 6: "scaleoffset", 305: "lzo", 307: "bzip2", 32001: "blosc",
    32008: "bitshuffle", 32013: "zfp", 32015: "zstd", 32026: "blosc2",
  ]

  private var steps: [(filter: Filter, parameter: Int)] = []

  /// No filters.
  init() {}

  init(_ body: ByteCursor, name: String) throws(FileFault) {
    var body = body
    let at = body.position
    let version = try body.byte()
    let count = try body.length(1)
    guard 1...2 ~= version else {
      throw FileFault("has filters of an unknown version", byte: at)
    }
    if version == 1 { try body.skip(6) }
    for _ in 0..<count {
      let number = try body.length(2)
      let nameBytes = version == 1 || number >= 256 ? try body.length(2) : 0
      try body.skip(2)
      let parameters = try body.length(2)
      try body.skip(version == 1 ? (nameBytes + 7) / 8 * 8 : nameBytes)
      let first = parameters > 0 ? try body.length(4) : 0
      try body.skip(4 * max(0, parameters - 1))
      if version == 1, parameters % 2 == 1 { try body.skip(4) }
      guard let filter = Filter(rawValue: number) else {
        throw .refusal(
          "compresses `\(name)` with \(Self.others[number] ?? "filter \(number)"), "
            + "which is not supported",
          hint: "rewrite it with gzip or without compression, for example with h5repack")
      }
      steps.append((filter, first))
    }
    let compressions: [Filter] = [.deflate, .lzf, .lz4]
    guard count <= 32, steps.count(where: { compressions.contains($0.filter) }) <= 1 else {
      throw FileFault("compresses `\(name)` more than once", byte: at)
    }
  }

  /// Whether a chunk is stored unfiltered when the filters in `skipped` were left out.
  func areNone(skipped: UInt32) -> Bool {
    !steps.indices.contains { skipped & (1 << UInt32($0)) == 0 }
  }

  /// Undoes the filters of a chunk that has `size` bytes without them.
  func undo(_ stored: [UInt8], skipped: UInt32, size: Int, at: Int) throws(FileFault) -> [UInt8] {
    let used = steps.indices.filter { skipped & (1 << UInt32($0)) == 0 }
    // Sizes after each filter except compression: only a checksum adds bytes.
    var sizes: [Int] = []
    for step in used {
      sizes.append((sizes.last ?? size) + (steps[step].filter == .fletcher32 ? 4 : 0))
    }
    var bytes = stored
    for (place, step) in used.enumerated().reversed() {
      let before = place > 0 ? sizes[place - 1] : size
      switch steps[step].filter {
      case .deflate: bytes = try Self.inflated(bytes, to: before, at)
      case .lzf: bytes = try Self.unpacked(bytes, to: before, at)
      case .lz4: bytes = try Self.lz4Unpacked(bytes, to: before, at)
      case .shuffle: bytes = Self.unshuffled(bytes, elementBytes: steps[step].parameter)
      case .fletcher32: bytes = try Self.checked(bytes, at)
      }
    }
    guard bytes.count == size else {
      throw FileFault("has a chunk of \(bytes.count) bytes in place of \(size)", byte: at)
    }
    return bytes
  }

  private static func inflated(_ bytes: [UInt8], to size: Int, _ at: Int) throws(FileFault)
    -> [UInt8]
  {
    try limit(size, from: bytes.count, at)
    let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      var made = uLong(size)
      let status = uncompress(buffer.baseAddress, &made, bytes, uLong(bytes.count))
      filled = status == Z_OK ? min(size, Int(made)) : 0
    }
    guard result.count == size else {
      throw FileFault("has a damaged compressed chunk", byte: at)
    }
    return result
  }

  /// LZF (liblzf by M. Lehmann): runs of literals, and copies of up to 8 KB earlier bytes.
  private static func unpacked(_ bytes: [UInt8], to size: Int, _ at: Int) throws(FileFault)
    -> [UInt8]
  {
    try limit(size, from: bytes.count, at)
    var cursor = try ByteCursor(bytes)
    var result: [UInt8] = []
    result.reserveCapacity(size)
    let damage = FileFault("has a damaged compressed chunk", byte: at)
    while !cursor.atEnd {
      let control = Int(try cursor.byte())
      if control < 32 {
        result += try cursor.take(control + 1)
      } else {
        var length = control >> 5
        if length == 7 { length += Int(try cursor.byte()) }
        let distance = (control & 31) << 8 + Int(try cursor.byte()) + 1
        guard distance <= result.count else { throw damage }
        let start = result.count - distance
        for place in start..<start + length + 2 { result.append(result[place]) }
      }
      guard result.count <= size else { throw damage }
    }
    guard result.count == size else { throw damage }
    return result
  }

  /// The size and the size of a block, then blocks with their stored size in front; all big-endian.
  /// A block that is stored at full size is not compressed.
  private static func lz4Unpacked(_ bytes: [UInt8], to size: Int, _ at: Int) throws(FileFault)
    -> [UInt8]
  {
    try limit(size, from: bytes.count, at)
    func number(_ place: Int, _ width: Int) -> UInt64 {
      bytes[place..<place + width].reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard bytes.count >= 12, number(0, 8) == UInt64(size) else {
      throw FileFault("has a damaged compressed chunk", byte: at)
    }
    let block = max(1, Int(number(8, 4)))
    let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      bytes.withUnsafeBytes { raw in
        var place = 12
        while filled < size, place + 4 <= raw.count {
          let (length, stored) = (min(block, size - filled), Int(number(place, 4)))
          guard stored <= raw.count - place - 4 else { return }
          let from = UnsafeRawBufferPointer(rebasing: raw[place + 4..<place + 4 + stored])
          let to = UnsafeMutableRawBufferPointer(
            start: buffer.baseAddress! + filled, count: length)
          if stored == length {
            to.copyMemory(from: from)
          } else if !Decompression.lz4Block.decompress(from, into: to) {
            return
          }
          filled += length
          place += 4 + stored
        }
      }
    }
    guard result.count == size else {
      throw FileFault("has a damaged compressed chunk", byte: at)
    }
    return result
  }

  /// No compression exceeds deflate's ratio of 1032 to 1; a file that claims more is meant to
  /// exhaust memory.
  private static func limit(_ size: Int, from stored: Int, _ at: Int) throws(FileFault) {
    guard size / 1040 <= stored else {
      throw FileFault("states \(size) bytes for a chunk that stores \(stored)", byte: at)
    }
  }

  /// Reverses the shuffle filter, which stores all first bytes of the elements, then all second
  /// bytes, ….
  private static func unshuffled(_ bytes: [UInt8], elementBytes: Int) -> [UInt8] {
    guard elementBytes > 1 else { return bytes }
    let count = bytes.count / elementBytes
    return [UInt8](unsafeUninitializedCapacity: bytes.count) { result, filled in
      bytes.withUnsafeBufferPointer { from in
        for part in 0..<(count > 0 ? elementBytes : 0) {
          var (place, target) = (part * count, part)
          for _ in 0..<count {
            result[target] = from[place]
            place += 1
            target += elementBytes
          }
        }
        for place in count * elementBytes..<bytes.count { result[place] = from[place] }
      }
      filled = bytes.count
    }
  }

  private static func checked(_ bytes: [UInt8], _ at: Int) throws(FileFault) -> [UInt8] {
    guard bytes.count >= 4 else { throw FileFault("has a chunk without its checksum", byte: at) }
    var tail = try ByteCursor(bytes, from: bytes.count - 4)
    let stored = UInt32(try tail.unsigned(4))
    let sum = bytes.withUnsafeBytes { raw in
      HDF5Checksum.fletcher32(UnsafeRawBufferPointer(rebasing: raw[..<(raw.count - 4)]))
    }
    // Libraries before 1.6.3 swapped the bytes in each half.
    let swapped = (sum & 0x00ff_00ff) << 8 | sum >> 8 & 0x00ff_00ff
    guard stored == sum || stored == swapped || !Checksums.areVerified else {
      throw FileFault("has a damaged chunk: its checksum does not match", byte: at)
    }
    return Array(bytes.dropLast(4))
  }
}
