import Compute

/// How frames of one size pass a network on a device: tiles, frames at a time, the plan of one run.
struct TilePlan {
  let rows: Tiling
  let columns: Tiling
  /// Images of a run.
  let batch: Int
  let plan: Plan

  /// Looks for the largest tile, then for the most frames at a time, that keep within `memory`.
  ///
  /// - Parameters:
  ///   - batch: frames at a time that are worth having.
  ///   - tile: side of a tile in frame pixels; nil to choose by memory.
  ///   - halfStorage: see `Plan`.
  /// - Throws: `NetworkError.frame` where even the smallest tile does not fit, `ShapeError` where the
  ///   network does not take frames of this size.
  init(
    _ model: Model, batch wished: Int, height: Int, width: Int, on device: DeviceInfo,
    memory: Int, tile: Int?, head: NetworkHead, halfStorage: Bool = false
  ) throws {
    let network = model.network
    let name = type(of: model.system).name
    guard height > 0, width > 0, wished > 0 else {
      throw NetworkError.frame(
        system: name, reason: "\(wished) of \(height)×\(width) pixels is not possible")
    }
    let halo = network.halo + head.halo(magnification: network.magnification)
    var side = tile ?? max(height, width)
    var batch = wished
    var smallest = Int.max
    while true {
      guard
        let rows = Tiling(length: height, tile: side, halo: halo, alignment: network.alignment),
        let columns = Tiling(length: width, tile: side, halo: halo, alignment: network.alignment),
        network.tileable || rows.parts.count * columns.parts.count == 1
      else {
        throw NetworkError.memory(
          system: name, limit: memory,
          needed: smallest == .max ? nil : smallest, receptiveField: network.receptiveField)
      }
      do {
        let plan = try Plan(
          model.graph(batch: batch, height: rows.tile, width: columns.tile, head: head),
          for: device, parameters: model.learned, halfStorage: halfStorage)
        let needed = Self.bytes(plan)
        smallest = min(smallest, needed)
        if needed <= memory || tile != nil && batch == 1 {
          self.rows = rows
          self.columns = columns
          self.batch = batch
          self.plan = plan
          return
        }
      } catch let error as DeviceError where error.isOfSize {
        guard tile == nil || batch > 1 else { throw error }
      }
      if batch > 1 {
        batch /= 2
      } else {
        side = max(rows.tile, columns.tile) * 3 / 4
      }
    }
  }

  /// Bytes that a run takes: the arena, each thread's working memory, the weights as the device holds them,
  /// and the host's copies of a tile and of its result.
  var bytes: Int { Self.bytes(plan) }

  private static func bytes(_ plan: Plan) -> Int { plan.bytes + plan.heldBytes + plan.portBytes }
}

extension Model {
  /// The graph of one run over a tile: scaled frames in, what the head makes of the result out.
  func graph(batch: Int, height: Int, width: Int, head: NetworkHead) throws -> Graph {
    var graph = Graph()
    let frames = graph.input(
      "frames", TensorType(.float32, batch, height, width, network.channels))
    let outputs = try network.lowered(frames, rolling: true, into: &graph)
    try head.attach(to: outputs, in: &graph)
    return graph
  }
}
