import Containers
import Microscopy
import Reporting

/// How the pixels of a plane lie in a block of bytes: rows, perhaps with padding, of pixels that
/// perhaps have several components.
struct BlockLayout: Hashable, Sendable {
  let width: Int
  let height: Int
  let storage: PixelStorage
  /// Values from one pixel to the next.
  let components: Int
  /// Bytes from one row to the next.
  let rowBytes: Int

  /// - Parameter rowBytes: nil if rows have no padding.
  init(
    width: Int, height: Int, sample: Sample, components: Int = 1, rowBytes: Int? = nil,
    file: String
  ) throws(MovieError) {
    _ = try FrameShape(width: width, height: height, sample: sample, file: file)
    guard (1...Self.mostComponents).contains(components) else {
      throw MovieError(
        .inconsistent, "\(components) values for each pixel are not possible", file: file,
        hint: "pixels may have 1 to \(Self.mostComponents) values")
    }
    let least = width * components * sample.bytes
    let rowBytes = rowBytes ?? least
    guard rowBytes >= least, rowBytes <= Self.mostBytes / height else {
      throw MovieError(
        .inconsistent,
        "rows of \(rowBytes) bytes do not fit \(width) x \(height) pixels of "
          + "\(components * sample.bytes) bytes", file: file)
    }
    self.width = width
    self.height = height
    self.storage = PixelStorage(sample: sample, bigEndian: false)
    self.components = components
    self.rowBytes = rowBytes
  }

  static let mostComponents = 256
  /// 4 GB: a frame of the largest size with several components.
  static let mostBytes = 1 << 32

  var pixels: Int { width * height }
  /// Bytes of a block.
  var bytes: Int { rowBytes * height }
  /// Bytes of the values of one component.
  var bytesOfPlane: Int { pixels * storage.sample.bytes }
  /// Bytes up to the end of the last pixel, without padding behind it.
  var bytesOfPixels: Int {
    rowBytes * (height - 1) + width * components * storage.sample.bytes
  }
  /// Whether a block has the bytes of its plane and no others.
  var isPlain: Bool { components == 1 && bytes == bytesOfPlane }

  /// Copies one component of `block` into `target`, in the delivered type.
  func gather(
    _ component: Int, of block: UnsafeRawBufferPointer,
    into target: UnsafeMutableRawBufferPointer
  ) {
    switch storage.sample.bytes {
    case 1: gather(UInt8.self, component, of: block, into: target)
    case 2: gather(UInt16.self, component, of: block, into: target)
    case 4: gather(UInt32.self, component, of: block, into: target)
    default:
      forEach(component, of: block, UInt64.self) { index, bits in
        let value = Float(Double(bitPattern: UInt64(littleEndian: bits)))
        target.storeBytes(of: value, toByteOffset: index * 4, as: Float.self)
      }
    }
  }

  private func gather<Stored: FixedWidthInteger>(
    _: Stored.Type, _ component: Int, of block: UnsafeRawBufferPointer,
    into target: UnsafeMutableRawBufferPointer
  ) {
    let tail = PixelStorage.tail(of: target, storage.sample, pixels)
    forEach(component, of: block, Stored.self) { index, value in
      tail.storeBytes(
        of: value, toByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self)
    }
    storage.deliver(
      pixels, in: target, swapped: storage.bigEndian != PixelStorage.hostIsBigEndian)
  }

  @inline(__always)
  private func forEach<Stored>(
    _ component: Int, of block: UnsafeRawBufferPointer, _: Stored.Type,
    _ body: (Int, Stored) -> Void
  ) {
    let size = MemoryLayout<Stored>.size
    precondition(component < components && block.count >= bytesOfPixels, "a block too small")
    let step = components * size
    for y in 0..<height {
      let row = y * rowBytes + component * size
      for x in 0..<width {
        body(y * width + x, block.loadUnaligned(fromByteOffset: row + x * step, as: Stored.self))
      }
    }
  }
}

/// The stored bytes of a plane.
struct StoredBlock {
  enum Packing {
    case none, zlib, zstd
    /// Zstandard of 16-bit numbers: first the low bytes of all of them, then the high bytes.
    case zstdHighLow
  }

  var offset: Int
  var count: Int
  var packing = Packing.none
  /// Which value of a pixel belongs to the plane.
  var component = 0
}

/// Finds the stored bytes of a plane. This may take a read of a few bytes.
protocol BlockIndex: Sendable {
  func block(_ plane: Int, of file: FileBytes) throws(MovieError) -> StoredBlock
}

/// Planes that lie in blocks of one file: compressed, with padded rows, or with several components.
final class BlockMovie<Index: BlockIndex>: Movie {
  let info: MovieInfo
  private let file: FileBytes
  private let layout: BlockLayout
  private let index: Index
  /// Buffers that no reader uses at the moment.
  private let idle = Guarded<[[UInt8]]>([])

  init(file: FileBytes, layout: BlockLayout, index: Index, info: MovieInfo) {
    self.file = file
    self.layout = layout
    self.index = index
    self.info = info
  }

  func changes() -> [String] { file.changes }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try info.forEach(frames, in: buffer) { plane, target throws(MovieError) in
      let block = try index.block(plane, of: file)
      guard block.packing == .none, layout.isPlain else { return try unpack(block, into: target) }
      try check(block)
      try layout.storage.read(layout.pixels, at: block.offset, of: file, into: target)
    }
  }

  private func check(_ block: StoredBlock) throws(MovieError) {
    let packed = block.packing != .none
    // What is compressed is not larger than its pixels, apart from the frames of the compression.
    guard packed || block.count >= layout.bytesOfPixels,
      !packed || block.count <= layout.bytes + layout.bytes / 8 + 65536
    else {
      throw MovieError(
        .inconsistent,
        "the plane has \(block.count) bytes, but its pixels have \(layout.bytes)",
        file: file.path, byte: block.offset)
    }
    guard !packed || couldUnpack(block) else {
      throw MovieError(
        .inconsistent,
        "the compressed plane has \(block.count) bytes, too few for the \(layout.bytes) of its pixels",
        file: file.path, byte: block.offset)
    }
  }

  /// Whether a block can hold its pixels, so that a small file cannot exhaust memory. Deflate
  /// compresses by at most 1032 to 1, zstd by 32768 to 1.
  private func couldUnpack(_ block: StoredBlock) -> Bool {
    layout.bytes / (block.packing == .zlib ? 1032 : 32768) <= block.count
      && layout.bytes <= Allowance.largest(file: file.size) / 2
  }

  private func unpack(
    _ block: StoredBlock, into target: UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    try check(block)
    guard block.packing != .none else {
      return try borrow(layout.bytesOfPixels) { bytes throws(MovieError) in
        try file.read(at: block.offset, into: bytes)
        layout.gather(block.component, of: UnsafeRawBufferPointer(bytes), into: target)
      }
    }
    try borrow(block.count) { packed throws(MovieError) in
      try file.read(at: block.offset, into: packed)
      let storage = layout.storage
      if layout.isPlain, storage.sample != .float64 {
        try expand(
          packed, block, into: PixelStorage.tail(of: target, storage.sample, layout.pixels))
        storage.deliver(
          layout.pixels, in: target, swapped: storage.bigEndian != PixelStorage.hostIsBigEndian)
      } else {
        try borrow(layout.bytes) { bytes throws(MovieError) in
          try expand(packed, block, into: bytes)
          layout.gather(block.component, of: UnsafeRawBufferPointer(bytes), into: target)
        }
      }
    }
  }

  /// Decompresses `packed` into `target`.
  private func expand(
    _ packed: UnsafeMutableRawBufferPointer, _ block: StoredBlock,
    into target: UnsafeMutableRawBufferPointer
  ) throws(MovieError) {
    let packed = UnsafeRawBufferPointer(packed)
    let sound: Bool
    switch block.packing {
    case .none: sound = false
    case .zlib: sound = Decompression.zlib.decompress(packed, into: target)
    case .zstd: sound = Decompression.zstd.decompress(packed, into: target)
    case .zstdHighLow:
      sound = try borrow(target.count) { halves throws(MovieError) in
        guard Decompression.zstd.decompress(packed, into: halves) else { return false }
        let half = halves.count / 2
        for i in 0..<half {
          target[2 * i] = halves[i]
          target[2 * i + 1] = halves[half + i]
        }
        return true
      }
    }
    guard sound else {
      throw MovieError(
        .readFailed,
        "the compressed plane is damaged, or its pixels do not have \(target.count) bytes",
        file: file.path, byte: block.offset)
    }
  }

  /// Calls `body` with `count` bytes that no other reader uses meanwhile.
  private func borrow<Result>(
    _ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(MovieError) -> Result
  ) throws(MovieError) -> Result {
    var buffer = idle.withLock { $0.popLast() } ?? []
    defer { idle.withLock { $0.append(buffer) } }
    if buffer.count < count { buffer = [UInt8](repeating: 0, count: count) }
    return try buffer.withUnsafeMutableBufferPointer { bytes throws(MovieError) in
      try body(
        UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes)[..<count]))
    }
  }
}
