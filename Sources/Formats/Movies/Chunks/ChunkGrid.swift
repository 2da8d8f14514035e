import Containers

/// Planes that are stored as a grid of chunks of equal size, which may extend beyond the last plane,
/// row and column.
struct ChunkGrid: Sendable {
  /// Pixels along each axis, the slowest first. The last two axes are the rows and the columns of a
  /// frame; the others number the planes.
  let shape: [Int]
  /// Pixels of a chunk along each axis.
  let chunk: [Int]
  let frame: FrameShape
  let planes: Int
  /// Bytes of a chunk when it is not packed.
  let chunkBytes: Int
  /// Planes in a chunk.
  let depth: Int

  /// 1 GiB: sixteen uint16 frames of the largest sensor sold for microscopy.
  private static let mostBytes = 1 << 30
  private static let mostChunksPerFrame = 1 << 16

  init(shape: [Int], chunk: [Int], sample: Sample, file: String) throws(MovieError) {
    guard shape.count == chunk.count, shape.count >= 2, shape.count <= 8,
      let planes = elementCount(Array(shape.dropLast(2))), chunk.allSatisfy({ $0 > 0 })
    else {
      throw MovieError(
        .inconsistent, "an image of shape \(shape) in chunks of shape \(chunk) is not possible",
        file: file)
    }
    frame = try FrameShape(
      width: shape[shape.count - 1], height: shape[shape.count - 2], sample: sample, file: file)
    guard planes > 0 else { throw MovieError(.noFrames, "the image has 0 frames", file: file) }
    guard let bytes = elementCount(chunk + [sample.bytes]), bytes <= Self.mostBytes else {
      throw MovieError(
        .unsupported, "chunks of shape \(chunk) are larger than \(Self.mostBytes >> 20) MiB",
        file: file, hint: "store the image in smaller chunks, such as one frame each")
    }
    self.shape = shape
    self.chunk = chunk
    self.planes = planes
    chunkBytes = bytes
    depth = chunk.dropLast(2).reduce(1, *)
    guard rows * columns <= Self.mostChunksPerFrame else {
      throw MovieError(
        .unsupported, "each frame lies in \(rows * columns) chunks", file: file,
        hint: "store the image in larger chunks, such as one frame each")
    }
  }

  var chunkWidth: Int { chunk[chunk.count - 1] }
  var chunkHeight: Int { chunk[chunk.count - 2] }
  /// Chunks over the height and over the width of a frame.
  var rows: Int { (frame.height - 1) / chunkHeight + 1 }
  var columns: Int { (frame.width - 1) / chunkWidth + 1 }

  /// The place of a plane: its chunk's coordinates on the axes before rows and columns, and its
  /// number in the chunk.
  func place(ofPlane plane: Int) -> (outer: [Int], inside: Int) {
    var outer = [Int](repeating: 0, count: shape.count - 2)
    var (rest, inside, step) = (plane, 0, 1)
    for axis in outer.indices.reversed() {
      let index = rest % shape[axis]
      rest /= shape[axis]
      outer[axis] = index / chunk[axis]
      inside += index % chunk[axis] * step
      step *= chunk[axis]
    }
    return (outer, inside)
  }
}
