import Compute
import Microscopy
import Networks

/// A learned localizer: frames through a network, its emitters as rows.
///
/// Large frames are cut into tiles; a network that looks at neighbouring frames goes on from batch to
/// batch. The lists are made on the device; only their entries come back.
public final class NetworkPipeline: FramePipeline {
  let model: Model
  let settings: NetworkSettings
  let width: Int
  let height: Int
  let element: FrameStack.Element
  let units: FrameStack.Units
  let columns: [ListColumn]
  let origin: (x: Int, y: Int)
  var received = EmitterList()
  /// Frames before those that the batch received last answers for.
  var leading = 0

  /// - Parameters:
  ///   - maps: as large as the frames; they replace the camera's offset, gain and read noise.
  ///   - origin: the movie's pixel that is the frames' first, where a region was cut out.
  /// - Throws: `SettingsError` where settings, camera and frames do not fit; `NetworkError` for a
  ///   network that finds no emitters, or of which something is not known that a run needs.
  public init(
    _ model: Model, _ settings: NetworkSettings, camera: Camera, maps: CameraMaps?, width: Int,
    height: Int, pixel: PixelType, origin: (x: Int, y: Int) = (0, 0)
  ) throws {
    try settings.check()
    try camera.check(maps, width: width, height: height)
    let system = model.system
    guard let emitters = system.task.emitters else {
      throw NetworkError.task(
        system: type(of: system).name, wanted: "localizations",
        purpose: type(of: system).purpose)
    }
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

  public var halo: Int { model.network.temporalReach }

  /// A network of counts takes them as they are.
  public var usesCamera: Bool { model.system.unit == .photons }

  /// A run takes whatever neighbours there are, and fewer frames than it has room for.
  public var takesEveryShape: Bool { true }

  /// Frames for about a second.
  public func batch(on device: DeviceInfo) -> Int {
    model.pace(height: height, width: width, on: device).batch
  }

  public func overlap(on device: DeviceInfo) -> Int { 1 }

  public func executable(
    _ shape: BatchShape, capacity: Int, on device: any Device, profiling: Bool
  ) throws -> any Executable {
    let batch = min(
      shape.frames, model.pace(height: height, width: width, on: device.info).together)
    guard
      let head = model.listHead(
        threshold: settings.threshold > 0 ? Float(settings.threshold) : nil, batch: batch,
        height: height, width: width, perFrame: capacity / shape.frames)
    else { preconditionFailure("a network that finds emitters") }
    return NetworkExecutable(
      try TiledNetwork(
        model, batch: batch, height: height, width: width, on: device,
        memory: settings.memory << 20, head: head, profiling: profiling), frames: shape.frames)
  }

  public func start(
    _ executable: any Executable, _ frames: UnsafeRawBufferPointer, _ shape: BatchShape,
    first: Int, meanwhile: (Double) throws -> Void
  ) throws {
    let stack = FrameStack(
      frames, element, height: height, width: width, units: units, first: first - shape.leading)
    try executable.asNetwork.run(
      stack, answering: shape.leading..<shape.leading + shape.frames, meanwhile: meanwhile)
  }

  public func receive(_ executable: any Executable, capacity: Int) throws -> Received {
    let network = executable.asNetwork
    network.take(&received)
    leading = network.leading
    guard received.isWhole else { return .needs(capacity: network.capacity(for: received.most)) }
    return .all(received.count)
  }
}

extension Executable {
  fileprivate var asNetwork: NetworkExecutable {
    guard let network = self as? NetworkExecutable else {
      preconditionFailure("an executable of another pipeline")
    }
    return network
  }
}
