import Compute
import Networks
import Reporting

/// A network's output for each frame or crop: an image, or a value for each class.
package struct ImageStage: Stage {
  let model: Model
  let head: NetworkHead
  let height: Int
  let width: Int
  let element: FrameStack.Element
  let units: FrameStack.Units
  /// Memory limit of a network run, bytes.
  let memory: Int

  /// - Parameters:
  ///   - result: name of the output; nil for the network's first output.
  ///   - height: rows of a frame.
  ///   - memory: memory limit of a run, bytes; larger frames are split into tiles.
  package init(
    _ model: Model, result: String? = nil, height: Int, width: Int, _ element: FrameStack.Element,
    units: FrameStack.Units = .counts, memory: Int
  ) {
    self.model = model
    head = .image(result)
    self.height = height
    self.width = width
    self.element = element
    self.units = units
    self.memory = memory
  }

  package var halo: Int { model.network.temporalReach }

  /// One worker, for the reason given in `NetworkStage`.
  package func workers(on device: DeviceInfo) -> Int { 1 }

  package func product() -> ImageBatch { ImageBatch() }

  package func worker(
    on device: any Device, batch: Int?, items: Int, profiling: Bool, cancellation: Cancellation
  ) throws -> any Worker<ImageBatch> {
    try ImageWorker(
      self, on: device, batch: batch, items: items, profiling: profiling,
      cancellation: cancellation)
  }
}

/// The results of a batch.
///
/// `@unchecked Sendable`: only one thread uses it at a time; queues pass it from a worker to the
/// sinks and back.
package final class ImageBatch: @unchecked Sendable {
  package internal(set) var layout = Layout()
  /// Not an array, which would be filled with zeros first: seconds for gigabytes of images, in which
  /// no request to stop is looked at.
  private var values = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
  private var count = 0

  deinit { values.deallocate() }

  /// The size of an image, and how it was computed.
  package struct Layout: Hashable, Sendable {
    /// The result of a classification has one row and one column.
    package let height: Int
    package let width: Int
    package let channels: Int
    /// Frames per network run, and tiles per frame.
    package let batch: Int
    package let tiles: Int

    package init(
      height: Int = 1, width: Int = 1, channels: Int = 1, batch: Int = 1, tiles: Int = 1
    ) {
      (self.height, self.width, self.channels) = (height, width, channels)
      (self.batch, self.tiles) = (batch, tiles)
    }

    /// The number of values in an image.
    package var size: Int { height * width * channels }
  }

  /// The values [frame, row, column, channel].
  package func withValues<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeBufferPointer(rebasing: values[..<count]))
  }

  /// Makes space for a number of images, all of whose values must be written; allocates only if the
  /// capacity is too small.
  func fill(
    _ images: Int, _ layout: Layout, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    self.layout = layout
    count = images * layout.size
    if values.count < count {
      values.deallocate()
      values = .allocate(capacity: count)
    }
    try body(UnsafeMutableBufferPointer(rebasing: values[..<count]))
  }
}

/// A network on one device, with batches that fit into memory.
private final class ImageWorker: Worker {
  let batch: Int
  private let stage: ImageStage
  private let tiled: TiledNetwork
  private let layout: ImageBatch.Layout
  private var record = PlanRecord()

  init(
    _ stage: ImageStage, on device: any Device, batch asked: Int?, items: Int, profiling: Bool,
    cancellation: Cancellation
  ) throws {
    self.stage = stage
    let pace = stage.model.pace(height: stage.height, width: stage.width, on: device.info)
    tiled = try TiledNetwork(
      stage.model, batch: max(1, min(pace.together, asked ?? items, items)), height: stage.height,
      width: stage.width, on: device, memory: stage.memory, head: stage.head, profiling: profiling,
      cancellation: cancellation)
    let shape = try tiled.imageType.shape
    let isImage = shape.count == 4
    layout = ImageBatch.Layout(
      height: isImage ? tiled.outputHeight : 1, width: isImage ? tiled.outputWidth : 1,
      channels: isImage ? shape[3] : shape.dropFirst().reduce(1, *), batch: tiled.batch,
      tiles: tiled.tiles)
    // If frames are split into tiles, each batch recomputes the neighbours of its frames, so
    // batches are as large as memory for their images allows.
    let most = min(max(pace.batch / tiled.batch, 1) * tiled.batch, 1024)
    let shared =
      tiled.tiles > 1 && stage.halo > 0 ? min(most, (256 << 20) / (4 * layout.size)) : 1
    batch = asked ?? max(shared / tiled.batch, 1) * tiled.batch
    record.begin(tiled.executable)
  }

  func compute(
    _ batch: Batch, room: Int, into images: ImageBatch, meanwhile: (Double) throws -> Void
  ) throws -> Found {
    let stack = FrameStack(
      batch.bytes, stage.element, height: stage.height, width: stage.width, units: stage.units,
      first: batch.first - batch.shape.leading)
    try images.fill(batch.shape.frames, layout) {
      try tiled.image(
        stack, answering: batch.shape.own, continuing: true, into: $0, meanwhile: meanwhile)
    }
    return .all(rows: nil)
  }

  func finish() -> PlanRecord {
    record.end(tiled.executable)
    return record
  }
}
