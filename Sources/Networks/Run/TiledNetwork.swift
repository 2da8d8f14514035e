import Compute

/// A model on frames of one size, whatever that size, in bounded memory.
///
/// Frames are padded to the network's alignment by repeating their edges, cut into tiles that overlap
/// by the receptive field, and the results cropped: the same numbers as from the whole frame, to
/// rounding. Tiles of a frame share the frame's own scaling. One executable serves all tiles; running
/// allocates only the results.
/// ```swift
/// let tiled = try TiledNetwork(model, height: 2048, width: 2048, on: Devices.best())
/// try tiled.run(frame) { tile in … }
/// ```
public final class TiledNetwork {
  /// The part of the result that one tile is good for.
  public struct Tile: Sendable {
    /// Of the batch, or of the movie.
    public let frames: Range<Int>
    /// In the result's pixels.
    public let rows: Range<Int>
    public let columns: Range<Int>
    public let channels: Int
    /// [frame, row, column, channel].
    public let values: [Float]
  }

  public let model: Model
  public let batch: Int
  public let height: Int
  public let width: Int
  private let rows: Tiling
  private let columns: Tiling
  private let executable: any Executable
  private let output: String
  private let outputType: TensorType
  private var input: [Float]
  private var result: [Float]

  /// Plans the largest tile whose memory keeps within `memory`.
  ///
  /// - Parameters:
  ///   - batch: frames at a time; for a network that looks at neighbours, consecutive frames.
  ///   - memory: bytes that the executable may take.
  ///   - tile: side of a tile in frame pixels; nil to choose by memory.
  ///   - halfStorage: see `Plan`; the CPU does without.
  ///   - output: which of the network's outputs; nil for the first.
  /// - Throws: `NetworkError.frame` where even the smallest tile does not fit, `ShapeError` where the
  ///   network does not take frames of this size.
  public init(
    _ model: Model, batch: Int = 1, height: Int, width: Int, on device: any Device,
    memory: Int = 1 << 30, tile: Int? = nil, output: String? = nil, halfStorage: Bool = false
  ) throws {
    let network = model.network
    guard height > 0, width > 0, batch > 0 else {
      throw NetworkError.frame(
        system: type(of: model.system).name, reason: "it is \(batch)×\(height)×\(width) pixels")
    }
    self.model = model
    self.batch = batch
    self.height = height
    self.width = width
    self.output = output ?? network.outputs[0].name
    let (alignment, halo) = (network.alignment, network.halo)
    var side = tile ?? max(height, width)
    while true {
      guard
        let rows = Tiling(length: height, tile: side, halo: halo, alignment: alignment),
        let columns = Tiling(length: width, tile: side, halo: halo, alignment: alignment),
        network.tileable || rows.parts.count * columns.parts.count == 1
      else {
        throw NetworkError.frame(
          system: type(of: model.system).name,
          reason: "no tile of a side of \(side) pixels can hold its receptive field of "
            + "\(network.receptiveField) within \(memory) bytes")
      }
      let plan: Plan
      do {
        plan = try Plan(
          model.graph(batch: batch, height: rows.tile, width: columns.tile, scaling: false),
          for: device.info, halfStorage: halfStorage)
      } catch let error as DeviceError where error.isOfSize && tile == nil {
        side = max(rows.tile, columns.tile) * 3 / 4
        continue
      }
      if plan.bytes > memory, tile == nil {
        side = max(rows.tile, columns.tile) * 3 / 4
        continue
      }
      self.rows = rows
      self.columns = columns
      executable = try device.compile(plan)
      outputType = try plan.output(self.output).type
      break
    }
    input = Array(repeating: 0, count: batch * rows.tile * columns.tile * network.channels)
    result = Array(repeating: 0, count: outputType.count)
  }

  /// Bytes of the executable.
  public var memory: Int { executable.plan.bytes }
  /// Number of tiles that a frame takes.
  public var tiles: Int { rows.parts.count * columns.parts.count }
  /// Rows and columns of the result.
  public var outputHeight: Int { height * model.network.magnification }
  public var outputWidth: Int { width * model.network.magnification }

  /// Runs the frames tile by tile.
  ///
  /// - Parameter frames: [batch, height, width, channels] as the camera gave them, in counts or
  ///   photons as the network was trained.
  /// - Throws: `NetworkError.frame` for another number of values, or a NaN or infinity among them.
  public func run(_ frames: [Float], each body: (Tile) throws -> Void) throws {
    try run(frames, keeping: 0..<batch, each: body)
  }

  /// Runs a movie: batches of consecutive frames, each result given once and in order.
  ///
  /// For a network that looks at neighbouring frames the batches overlap by as many as it looks at;
  /// the movie's first and last frame stand for those beyond. Each frame is read once.
  /// - Throws: `NetworkError.frame` where a batch holds no more frames than the network looks at.
  public func run(
    movie count: Int, read: (Int) throws -> [Float], each body: (Tile) throws -> Void
  ) throws {
    guard count > 0 else { return }
    let reach = model.network.temporalReach
    guard let time = Tiling(length: count, tile: batch, halo: reach, alignment: 1) else {
      throw NetworkError.frame(
        system: type(of: model.system).name,
        reason: "it looks at \(2 * reach + 1) frames, a batch has \(batch)")
    }
    var recent: [Int: [Float]] = [:]
    for part in time.parts {
      let wanted = (0..<batch).map { min(part.start + $0, count - 1) }
      recent = recent.filter { $0.key >= part.start }
      for index in wanted where recent[index] == nil { recent[index] = try read(index) }
      try run(wanted.flatMap { recent[$0]! }, keeping: part.core, from: part.start, each: body)
    }
  }

  private func run(
    _ frames: [Float], keeping kept: Range<Int>, from first: Int = 0,
    each body: (Tile) throws -> Void
  ) throws {
    let network = model.network
    let pixels = height * width * network.channels
    guard frames.count == batch * pixels else {
      throw NetworkError.frame(
        system: type(of: model.system).name,
        reason: "it has \(frames.count) values, not "
          + "\(batch)×\(height)×\(width)×\(network.channels)")
    }
    let scalings = try (0..<batch).map { frame in
      try scaling(of: frames[frame * pixels..<(frame + 1) * pixels], frame: frame)
    }
    for row in rows.parts {
      for column in columns.parts {
        fill(from: frames, scalings, row.start, column.start)
        try executable.write("frames", input)
        try executable.run()
        try result.withUnsafeMutableBytes { try executable.read(output, into: $0) }
        try body(cut(row, column, kept, first))
      }
    }
  }

  /// The whole result [batch, row, column, channel], where it fits into memory.
  public func image(_ frames: [Float]) throws -> Tensor {
    let channels = outputType.shape.last ?? 1
    guard outputType.shape.count == 4 else {
      var values: [Float] = []
      try run(frames) { values = $0.values }
      return Tensor(values, shape: outputType.shape)
    }
    var values = [Float](repeating: 0, count: batch * outputHeight * outputWidth * channels)
    try run(frames) { tile in
      let run = tile.columns.count * channels
      for image in 0..<batch {
        for (index, row) in tile.rows.enumerated() {
          let from = (image * tile.rows.count + index) * run
          let to = ((image * outputHeight + row) * outputWidth + tile.columns.lowerBound) * channels
          values.replaceSubrange(to..<to + run, with: tile.values[from..<from + run])
        }
      }
    }
    return Tensor(values, shape: [batch, outputHeight, outputWidth, channels])
  }

  private func scaling(
    of frame: ArraySlice<Float>, frame index: Int
  ) throws -> (offset: Float, scale: Float, shift: Float) {
    var low = Float.infinity
    var high = -Float.infinity
    for value in frame {
      guard value.isFinite else {
        throw NetworkError.frame(
          system: type(of: model.system).name, reason: "frame \(index) holds a NaN or an infinity")
      }
      low = min(low, value)
      high = max(high, value)
    }
    return model.network.scaling.affine(min: low, max: high)
  }

  /// Copies a tile out of the frames, scaled, edges repeated beyond the frame.
  private func fill(
    from frames: [Float], _ scalings: [(offset: Float, scale: Float, shift: Float)], _ top: Int,
    _ left: Int
  ) {
    let channels = model.network.channels
    var place = 0
    for image in 0..<batch {
      let (offset, scale, shift) = scalings[image]
      for y in top..<top + rows.tile {
        let line = (image * height + min(y, height - 1)) * width
        for x in left..<left + columns.tile {
          let from = (line + min(x, width - 1)) * channels
          for channel in 0..<channels {
            input[place] = (frames[from + channel] - offset) * scale + shift
            place += 1
          }
        }
      }
    }
  }

  private func cut(
    _ row: Tiling.Part, _ column: Tiling.Part, _ frames: Range<Int>, _ first: Int
  ) -> Tile {
    let shape = outputType.shape
    let images = frames.lowerBound - first..<frames.upperBound - first
    guard shape.count == 4 else {
      let row = shape.dropFirst().reduce(1, *)
      return Tile(
        frames: frames, rows: 0..<1, columns: 0..<1, channels: row,
        values: Array(result[images.lowerBound * row..<images.upperBound * row]))
    }
    let finer = model.network.magnification
    func scaled(_ range: Range<Int>) -> Range<Int> {
      range.lowerBound * finer..<range.upperBound * finer
    }
    let (rows, columns) = (scaled(row.core), scaled(column.core))
    var values: [Float] = []
    values.reserveCapacity(images.count * rows.count * columns.count * shape[3])
    for image in images {
      for y in rows {
        let line = (image * shape[1] + y - row.start * finer) * shape[2]
        let from = (line + columns.lowerBound - column.start * finer) * shape[3]
        values += result[from..<from + columns.count * shape[3]]
      }
    }
    return Tile(frames: frames, rows: rows, columns: columns, channels: shape[3], values: values)
  }
}
