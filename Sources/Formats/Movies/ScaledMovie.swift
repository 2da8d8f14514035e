import Microscopy
import Reporting

/// A movie of integers whose file states that a pixel's value is `zero` + `slope` · number, as
/// ImageJ does for signed 16-bit images.
struct ScaledMovie: Movie {
  let info: MovieInfo
  private let numbers: any Movie
  private let zero: Float
  private let slope: Float

  /// `numbers` delivers `uint16`.
  init(_ numbers: any Movie, zero: Double, slope: Double) {
    precondition(numbers.info.pixel == .uint16, "a movie of integers")
    self.numbers = numbers
    self.zero = Float(zero)
    self.slope = Float(slope)
    var info = numbers.info
    info.pixel = .float32
    info.notes.append(
      "the file states that values are \(zero.field.words) + \(slope.field.words) × the stored number"
    )
    self.info = info
  }

  func changes() -> [String] { numbers.changes() }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try info.check(frames, buffer)
    let pixels = frames.count * info.width * info.height
    guard pixels > 0, let target = buffer.baseAddress else { return }
    // Numbers are read into the second half and widened from the start of the first.
    let stored = UnsafeMutableRawBufferPointer(start: target + pixels * 2, count: pixels * 2)
    try numbers.read(frames, into: stored)
    for pixel in 0..<pixels {
      let number = stored.loadUnaligned(fromByteOffset: pixel * 2, as: UInt16.self)
      (target + pixel * 4).storeBytes(of: zero + slope * Float(number), as: Float.self)
    }
  }
}
