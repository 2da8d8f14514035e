import Compute
import Microscopy
import Networks

/// A learned localizer: frames through a network, its emitters as rows.
///
/// Large frames are cut into tiles; a network that looks at neighbouring frames goes on from batch to
/// batch. The lists are made on the device; only their entries come back.
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
  ///   - maps: as large as the frames; they replace the camera's offset, gain and read noise.
  ///   - origin: the movie's pixel that is the frames' first, where a region was cut out.
  /// - Throws: `SettingsError` where settings, camera and frames do not fit; `NetworkError` for a
  ///   network that finds no emitters, or of which something is not known that a run needs.
  package init(
    _ model: Model, _ settings: NetworkSettings, camera: Camera, maps: CameraMaps?, width: Int,
    height: Int, pixel: PixelType, origin: (x: Int, y: Int) = (0, 0)
  ) throws {
    try settings.checkRanges()
    try camera.check(maps, width: width, height: height)
    let system = model.system
    guard let emitters = system.task.emitters else { throw Self.refusal(of: model) }
    try system.checkReadiness()
    self.model = model
    self.settings = settings
    self.width = width
    self.height = height
    element = pixel == .uint16 ? .uint16 : .float32
    units = system.unit == .counts ? .counts : camera.photonUnits(maps)
    columns = emitters.columns
    self.origin = origin
  }

  private static func refusal(of model: Model) -> NetworkError {
    let system = type(of: model.system)
    return .task(system: system.name, wanted: "localizations", purpose: system.purpose)
  }

  package var halo: Int { model.network.temporalReach }

  /// A network of counts takes them as they are.
  package var usesCamera: Bool { model.system.unit == .photons }

  /// One, so that a network that looks at neighbours goes on where the last batch ended. Rows do not
  /// depend on it: where another worker had the batch before, its last frames are computed again.
  package func workers(on device: DeviceInfo) -> Int { 1 }

  /// Batches of frames for about a second.
  package func worker(
    on device: any Device, batch: Int?, items: Int, profiling: Bool
  ) -> any Worker<Rows> {
    let usual = min(model.pace(height: height, width: width, on: device.info).batch, items)
    return NetworkWorker(self, on: device, batch: batch ?? usual, profiling: profiling)
  }

  /// The network on a device, with a list that has room for `room` emitters in each frame.
  func network(
    on device: any Device, batch: Int, room: Int, profiling: Bool
  ) throws -> TiledNetwork {
    let together = min(batch, model.pace(height: height, width: width, on: device.info).together)
    guard
      let head = model.listHead(
        threshold: settings.threshold.map(Float.init), batch: together,
        height: height, width: width, perFrame: room)
    else { throw Self.refusal(of: model) }
    return try TiledNetwork(
      model, batch: together, height: height, width: width, on: device,
      memory: settings.memory << 20, head: head, profiling: profiling)
  }

  /// A batch as the network takes it.
  func stack(_ batch: Batch) -> FrameStack {
    FrameStack(
      batch.bytes, element, height: height, width: width, units: units,
      first: batch.first - batch.shape.leading)
  }
}
