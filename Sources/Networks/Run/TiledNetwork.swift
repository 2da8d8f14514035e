import Compute
import Reporting

/// Runs a model on frames of one size, of any size, in bounded memory.
///
/// Frames are padded to the network's alignment by repeating their edges and cut into tiles that
/// overlap by the receptive field; results are cropped. Up to rounding, they equal those for the
/// whole frame. Tiles of a frame share the frame's own scaling. One executable serves all tiles; a
/// run allocates only what `body` allocates. A network that uses neighbouring frames computes the
/// per-frame part once: what later frames need of it stays on the device.
/// ```swift
/// let tiled = try TiledNetwork(model, height: 2048, width: 2048, on: Devices.best())
/// let map = try tiled.image(frames)
/// ```
package final class TiledNetwork {
  /// A run of the executable, and the valid part of its result.
  package struct Tile {
    /// Frames of the stack, and the images of the result that belong to them.
    package let frames: Range<Int>
    package let images: Range<Int>
    /// Pixels of the frame for which the result is valid.
    package let rows: Range<Int>
    package let columns: Range<Int>
    /// The frame's pixel at which the tile starts.
    package let top: Int
    package let left: Int
  }

  package let model: Model
  package let height: Int
  package let width: Int
  package let head: NetworkHead
  package let executable: any Executable
  // Values that require walking the network, kept so that runs allocate nothing.
  let magnification: Int
  private let temporalReach: Int
  private let tiling: TilePlan
  private let cancellation: Cancellation
  private var input: [Float]
  private var result: [Float] = []
  private var line: [Float] = []
  private var scalings: [(offset: Float, scale: Float, shift: Float)] = []
  /// The movie's frame at which a run can continue; nil if none can.
  private var next: Int?

  /// Finds the largest tile, and the most frames at a time, whose memory fits into `memory`.
  ///
  /// - Parameters:
  ///   - model: the network and its weights.
  ///   - batch: largest number of frames at a time.
  ///   - height: height of a frame, pixels.
  ///   - width: width of a frame, pixels.
  ///   - device: the device that runs the network.
  ///   - memory: bytes that a run may use, without weights.
  ///   - tile: side of a tile in frame pixels; nil to choose by memory.
  ///   - head: postprocessing of the result on the device.
  ///   - halfStorage: see `Plan`; ignored on the CPU.
  ///   - profiling: measures the time of each op.
  ///   - cancellation: a request to stop, looked at while this is prepared and within each run; what
  ///     is stopped throws `Interrupted`.
  /// - Throws: `NetworkError` if even the smallest tile does not fit or a result has another size
  ///   than the frame, `ShapeError` if the network does not take frames of this size, `DeviceError`.
  package init(
    _ model: Model, batch: Int = 1, height: Int, width: Int, on device: any Device,
    memory: Int = 1 << 30, tile: Int? = nil, head: NetworkHead = .image(),
    halfStorage: Bool = false, profiling: Bool = false,
    cancellation: Cancellation = Cancellation()
  ) throws {
    self.model = model
    self.cancellation = cancellation
    self.height = height
    self.width = width
    self.head = head
    magnification = model.network.magnification
    temporalReach = model.network.temporalReach
    tiling = try TilePlan(
      model, batch: batch, height: height, width: width, on: device.info, memory: memory,
      tile: tile, head: head, halfStorage: halfStorage, cancellation: cancellation)
    executable = try device.compile(tiling.plan, profiling: profiling)
    input = Array(
      repeating: 0,
      count: tiling.batch * tiling.rows.tile * tiling.columns.tile * model.network.channels)
  }

  /// Frames per run of the executable.
  package var batch: Int { tiling.batch }
  /// Bytes that a run uses, without weights.
  package var memory: Int { tiling.bytes }
  /// Number of tiles per frame.
  package var tiles: Int { tiling.rows.parts.count * tiling.columns.parts.count }
  /// Rows and columns of an image.
  package var outputHeight: Int { height * magnification }
  package var outputWidth: Int { width * magnification }
  package var explanation: String { tiling.plan.explain() }
  package var profile: [ProfileRow] { executable.profile }

  /// Runs a stack, tile by tile.
  ///
  /// - Parameters:
  ///   - stack: consecutive frames.
  ///   - frames: frames of the stack for which results are wanted. A network that uses neighbouring
  ///     frames also uses the others; beyond the stack, its first or last frame is repeated.
  ///   - continuing: whether the stack is from the same movie as the last run. The network then
  ///     continues from its end if possible, so that nothing is computed twice.
  ///   - meanwhile: called before each tile with the fraction of the work done; may throw to stop.
  ///   - body: reads results from the executable.
  /// - Throws: `NetworkError.frame` for a stack of another size, or with a NaN or infinity.
  package func run(
    _ stack: FrameStack, answering frames: Range<Int>, continuing: Bool = false,
    meanwhile: (Double) throws -> Void = { _ in }, each body: (Tile) throws -> Void
  ) throws {
    let channels = model.network.channels
    guard stack.height == height, stack.width == width, stack.channels == channels else {
      throw NetworkError.frame(
        system: type(of: model.system).name,
        reason: "it has \(stack.channels) channels of \(stack.height)×\(stack.width) pixels, not "
          + "\(channels) of \(height)×\(width)")
    }
    precondition(frames.lowerBound >= 0 && frames.upperBound <= stack.count, "frames of the stack")
    try findScalings(of: stack)
    let reach = temporalReach
    let end = frames.upperBound + reach
    let goesOn =
      continuing && next == stack.first + frames.lowerBound + reach && frames.count % batch == 0
    next = nil
    let steps = (end - frames.lowerBound + (goesOn ? -reach : reach) + batch - 1) / batch
    let (rows, columns) = (tiling.rows.parts, tiling.columns.parts)
    // The history of a window belongs to one tile.
    let tilesFirst = reach > 0
    for index in 0..<steps * tiles {
      try meanwhile(Double(index) / Double(steps * tiles))
      let (tile, step) =
        tilesFirst ? (index / steps, index % steps) : (index % tiles, index / tiles)
      let (row, column) = (rows[tile / columns.count], columns[tile % columns.count])
      // Surplus frames are fed before those that are wanted, so that the last one is the stack's
      // last.
      let start = end - (steps - step) * batch
      fill(from: stack, first: start, row.start, column.start)
      try executable.write("frames", input)
      try executable.run(until: cancellation)
      let whole = start - reach..<start - reach + batch
      let own = whole.clamped(to: frames)
      if own.isEmpty { continue }
      try body(
        Tile(
          frames: own,
          images: own.lowerBound - whole.lowerBound..<own.upperBound - whole.lowerBound,
          rows: row.core, columns: column.core, top: row.start, left: column.start))
    }
    next = tiles == 1 && reach > 0 && end <= stack.count ? stack.first + end : nil
  }

  /// Writes the result for some frames of a stack, [frame, row, column, channel], to `target`.
  package func image(
    _ stack: FrameStack, answering frames: Range<Int>, continuing: Bool = false,
    into target: UnsafeMutableBufferPointer<Float>, meanwhile: (Double) throws -> Void = { _ in }
  ) throws {
    let type = try imageType
    guard type.shape.count == 4 else {
      return try flat(stack, frames, type, into: target)
    }
    let (finer, channels) = (magnification, type.shape[3])
    precondition(
      target.count == frames.count * outputHeight * outputWidth * channels, "room for the images")
    try run(stack, answering: frames, continuing: continuing, meanwhile: meanwhile) { tile in
      try readResult(type)
      let run = tile.columns.count * finer * channels
      for (frame, image) in zip(tile.frames, tile.images) {
        for y in tile.rows.lowerBound * finer..<tile.rows.upperBound * finer {
          let line = (image * type.shape[1] + y - tile.top * finer) * type.shape[2]
          let from = (line + (tile.columns.lowerBound - tile.left) * finer) * channels
          let row = (frame - frames.lowerBound) * outputHeight + y
          let to = (row * outputWidth + tile.columns.lowerBound * finer) * channels
          result.withUnsafeBufferPointer {
            (target.baseAddress! + to).update(from: $0.baseAddress! + from, count: run)
          }
        }
      }
    }
  }

  /// The whole result for frames in counts, if it fits into memory.
  package func image(_ frames: [Float]) throws -> Tensor {
    let pixels = height * width * model.network.channels
    guard !frames.isEmpty, frames.count % pixels == 0 else {
      throw NetworkError.frame(
        system: type(of: model.system).name,
        reason: "\(frames.count) values are not frames of "
          + "\(height)×\(width)×\(model.network.channels)")
    }
    let count = frames.count / pixels
    var shape = try imageType.shape
    shape[0] = count
    if shape.count == 4 { shape[1...2] = [outputHeight, outputWidth] }
    var values = [Float](repeating: 0, count: shape.reduce(1, *))
    try frames.withUnsafeBytes { bytes in
      let stack = FrameStack(
        bytes, .float32, height: height, width: width, channels: model.network.channels)
      try values.withUnsafeMutableBufferPointer {
        try image(stack, answering: 0..<count, into: $0)
      }
    }
    return Tensor(values, shape: shape)
  }

  /// The type of the executable's image output.
  package var imageType: TensorType {
    get throws {
      guard case .image(let name) = head else { preconditionFailure("a list is not an image") }
      return try tiling.plan.outputType(name ?? model.network.outputs[0].name)
    }
  }

  /// A result without rows and columns: one list of values for each frame.
  private func flat(
    _ stack: FrameStack, _ frames: Range<Int>, _ type: TensorType,
    into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    let run = type.shape.dropFirst().reduce(1, *)
    try self.run(stack, answering: frames) { tile in
      try readResult(type)
      for (frame, image) in zip(tile.frames, tile.images) {
        for index in 0..<run {
          target[(frame - frames.lowerBound) * run + index] = result[image * run + index]
        }
      }
    }
  }

  private func readResult(_ type: TensorType) throws {
    guard case .image(let name) = head else { preconditionFailure("a list is not an image") }
    if result.count < type.count { result = Array(repeating: 0, count: type.count) }
    try result.withUnsafeMutableBytes {
      try executable.read(name ?? model.network.outputs[0].name, into: $0)
    }
  }

  /// Determines every frame's scaling from its own values.
  private func findScalings(of stack: FrameStack) throws {
    let scaling = model.network.scaling
    scalings.removeAll(keepingCapacity: true)
    for frame in 0..<stack.count {
      guard let (low, high) = stack.range(of: frame, &line) else {
        throw NetworkError.frame(
          system: type(of: model.system).name,
          reason: "frame \(stack.first + frame) contains a NaN or an infinite value")
      }
      scalings.append(scaling.affine(min: low, max: high))
    }
  }

  /// Copies a tile of consecutive frames; the stack's first and last frames are repeated beyond it.
  private func fill(from stack: FrameStack, first: Int, _ top: Int, _ left: Int) {
    let (rows, columns) = (tiling.rows.tile, tiling.columns.tile)
    let pixels = rows * columns * stack.channels
    input.withUnsafeMutableBufferPointer { target in
      for image in 0..<batch {
        let frame = min(max(first + image, 0), stack.count - 1)
        stack.fill(
          target.baseAddress! + image * pixels, frame: frame, top: top, left: left, rows: rows,
          columns: columns, scaling: scalings[frame])
      }
    }
  }
}
