import Microscopy

/// Uncompressed pages whose pixels have several samples: frame k is sample k % n of page k / n.
///
/// The samples of a pixel lie side by side in the file, so each frame is picked out of its page.
final class SampledPages: Movie {
  let info: MovieInfo
  private let file: FileBytes
  private let storage: PixelStorage
  private let pages: OffsetTable
  private let samples: Int
  /// Pixels that are read at once.
  private static let portion = 1 << 16

  /// - Parameter pages: positions of the pages' pixels.
  init(
    _ file: FileBytes, _ storage: PixelStorage, _ pages: OffsetTable, samples: Int, info: MovieInfo
  ) {
    self.file = file
    self.storage = storage
    self.pages = pages
    self.samples = samples
    self.info = info
  }

  func changes() -> [String] { file.changes }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let bytes = storage.sample.bytes
    let size = info.width * info.height
    let portion = min(size, max(1, Self.portion / samples))
    let wide = UnsafeMutableRawBufferPointer.allocate(
      byteCount: portion * samples * bytes, alignment: 8)
    defer { wide.deallocate() }
    try info.forEach(frames, in: buffer) { frame, target throws(MovieError) in
      let page = pages[frame / samples]
      let sample = frame % samples
      // A double is wider than the float that is delivered.
      let stored =
        storage.sample == .float64
        ? target : PixelStorage.tail(of: target, storage.sample, size)
      for first in stride(from: 0, to: size, by: portion) {
        let count = min(portion, size - first)
        let part = UnsafeMutableRawBufferPointer(rebasing: wide[..<(count * samples * bytes)])
        try file.read(at: page + first * samples * bytes, into: part)
        for pixel in 0..<count {
          let from = (pixel * samples + sample) * bytes
          if storage.sample == .float64 {
            let bits = part.loadUnaligned(fromByteOffset: from, as: UInt64.self)
            let number = Double(
              bitPattern: storage.bigEndian ? UInt64(bigEndian: bits) : UInt64(littleEndian: bits))
            stored.storeBytes(of: Float(number), toByteOffset: (first + pixel) * 4, as: Float.self)
          } else {
            for byte in 0..<bytes { stored[(first + pixel) * bytes + byte] = part[from + byte] }
          }
        }
      }
      storage.deliver(
        size, in: target, swapped: storage.bigEndian != PixelStorage.hostIsBigEndian)
    }
  }
}
