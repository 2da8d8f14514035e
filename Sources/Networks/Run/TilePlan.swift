import Compute
import Reporting

/// How frames of one size are processed on a device: tiles, frames per run, and the plan of one
/// run.
struct TilePlan {
  let rows: Tiling
  let columns: Tiling
  /// Images per run.
  let batch: Int
  let plan: Plan

  /// Finds the largest tile, then the most frames at a time, that fit into `memory`.
  ///
  /// - Parameters:
  ///   - batch: the number of frames at a time beyond which there is no gain.
  ///   - tile: side of a tile in frame pixels; nil to choose by memory.
  ///   - halfStorage: see `Plan`.
  /// - Throws: `NetworkError.memory` if even the smallest tile does not fit, `NetworkError.frame` if
  ///   a result has another size than the frame, `ShapeError` if the network does not take frames of
  ///   this size.
  init(
    _ model: Model, batch wished: Int, height: Int, width: Int, on device: DeviceInfo,
    memory: Int, tile: Int?, head: NetworkHead, halfStorage: Bool = false,
    cancellation: Cancellation = Cancellation()
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
      try cancellation.check()
      guard
        let rows = Tiling(length: height, tile: side, halo: halo, alignment: network.alignment),
        let columns = Tiling(length: width, tile: side, halo: halo, alignment: network.alignment),
        network.tileable || rows.parts.count * columns.parts.count == 1
      else {
        throw NetworkError.memory(
          system: name, limit: memory,
          needed: smallest == .max ? nil : smallest, receptiveField: network.receptiveField)
      }
      if let reason = network.misfit(height: rows.tile, width: columns.tile) {
        throw NetworkError.frame(system: name, reason: reason)
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

  /// Bytes of a run: the arena, each thread's scratch, the weights on the device, and the host's
  /// copies of a tile and its result.
  var bytes: Int { Self.bytes(plan) }

  private static func bytes(_ plan: Plan) -> Int { plan.bytes + plan.heldBytes + plan.portBytes }
}

extension Model {
  /// The graph of one run over a tile, from scaled frames to the result of the head.
  func graph(batch: Int, height: Int, width: Int, head: NetworkHead) throws -> Graph {
    var graph = Graph()
    let frames = graph.input(
      "frames", TensorType(.float32, batch, height, width, network.channels))
    let outputs = try network.lowered(frames, .rolling, into: &graph)
    try head.attach(to: outputs, in: &graph)
    return graph
  }
}
