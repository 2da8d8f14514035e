import Compute
import Microscopy
import Networks
import Reporting

/// Localization by a network: frames in, emitters as rows out.
///
/// Large frames are split into tiles; a network that uses neighbouring frames keeps its state
/// between batches. The emitter lists are made on the device; only their entries come back.
package struct NetworkStage: RowStage {
  let model: Model
  let settings: NetworkSettings
  let width: Int
  let height: Int
  let element: FrameStack.Element
  let units: FrameStack.Units
  let columns: [ListColumn]
  let origin: (x: Int, y: Int)

  /// - Parameters:
  ///   - maps: camera maps of the frames' size; they replace the camera's offset, gain and read
  ///     noise.
  ///   - origin: the movie pixel of the frames' first pixel, if the frames are a region of the
  ///     movie.
  /// - Throws: `SettingsError` if settings, camera and frames do not match; `NetworkError` for a
  ///   network that does not find emitters, or that lacks information for a run.
  package init(
    _ model: Model, _ settings: NetworkSettings, camera: Camera, maps: CameraMaps?, width: Int,
    height: Int, pixel: PixelType, origin: (x: Int, y: Int) = (0, 0)
  ) throws {
    try settings.checkRanges()
    try camera.check(maps, width: width, height: height)
    let system = model.system
    try system.checkReadiness()
    let model = try model.seeing(camera, maps, level: settings.level)
    guard let emitters = model.system.task.emitters else { throw Self.refusal(of: model) }
    self.model = model
    self.settings = settings
    self.width = width
    self.height = height
    element = pixel == .uint16 ? .uint16 : .float32
    units = camera.units(system.unit, maps)
    columns = emitters.columns
    self.origin = origin
  }

  private static func refusal(of model: Model) -> NetworkError {
    let system = type(of: model.system)
    return .task(system: system.name, wanted: "localizations", purpose: system.purpose)
  }

  package var halo: Int { model.network.temporalReach }

  package var independentAfter: Int? { 2 * halo + 1 }

  /// A network that takes camera counts gets them unchanged.
  package var usesCamera: Bool { model.system.unit != .counts }

  /// One worker, so that a network that uses neighbouring frames continues where the last batch
  /// ended. Rows do not depend on it: if another worker had the previous batch, its last frames are
  /// recomputed.
  package func workers(on device: DeviceInfo) -> Int { 1 }

  /// Batches that take about one second.
  package func worker(
    on device: any Device, batch: Int?, items: Int, profiling: Bool, cancellation: Cancellation
  ) -> any Worker<Rows> {
    let usual = min(model.pace(height: height, width: width, on: device.info).batch, items)
    return NetworkWorker(
      self, on: device, batch: batch ?? usual, profiling: profiling,
      cancellation: cancellation)
  }

  /// The network on a device, with a list for up to `room` emitters per frame.
  func network(
    on device: any Device, batch: Int, room: Int, profiling: Bool, cancellation: Cancellation
  ) throws -> TiledNetwork {
    let together = min(batch, model.pace(height: height, width: width, on: device.info).together)
    guard
      let head = model.listHead(
        threshold: settings.threshold.map { max(Float($0), .leastNormalMagnitude) },
        batch: together,
        height: height, width: width, perFrame: room)
    else { throw Self.refusal(of: model) }
    return try TiledNetwork(
      model, batch: together, height: height, width: width, on: device,
      memory: settings.memory << 20, head: head, profiling: profiling,
      cancellation: cancellation)
  }

  /// A batch in the form that the network takes.
  func stack(_ batch: Batch) -> FrameStack {
    FrameStack(
      batch.bytes, element, height: height, width: width, units: units,
      first: batch.first - batch.shape.leading)
  }
}
