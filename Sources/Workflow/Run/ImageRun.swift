import Compute
import Foundation
import Localization
import Microscopy
import Networks
import Reporting

/// A movie through a network, batch by batch: reading and computing overlap, memory is bounded.
final class ImageRun {
  let context: InferContext
  let frames: Range<Int>
  let height: Int
  let width: Int
  let channels: Int
  private let region: PixelRegion
  private let units: FrameStack.Units
  private let head: NetworkHead
  private var tiled: TiledNetwork
  private var report = InferReport()
  /// Neighbours that a result depends on, on either side.
  private let reach: Int
  /// Frames that are read at a time.
  private let read: Int
  /// Frames whose images there is room for at a time.
  private let together: Int
  private var images: [Float]

  init(_ context: InferContext) throws {
    self.context = context
    let (info, model) = (context.job.movie.info, context.model)
    region = try context.recipe.region(in: info)
    frames = try context.recipe.frames(in: info)
    let maps = try context.recipe.maps(context.job.maps, for: region, in: info)
    if model.system.unit == .photons {
      units = context.recipe.camera.photonUnits(maps)
    } else {
      units = .counts
    }
    let pace = model.pace(
      height: region.height, width: region.width, on: context.fallback.device.info)
    let head = NetworkHead.image(context.job.result)
    let region = region
    let memory = context.recipe.network.memory << 20
    self.head = head
    let tiled = try context.fallback.perform {
      try TiledNetwork(
        model, batch: min(pace.together, context.job.movie.info.frames), height: region.height,
        width: region.width, on: $0, memory: memory, head: head)
    }
    let type = try tiled.imageType
    (height, width, channels) = (tiled.outputHeight, tiled.outputWidth, type.shape[3])
    self.tiled = tiled
    reach = model.network.temporalReach
    read = min(max(pace.batch / tiled.batch, 1) * tiled.batch, 1024)
    let size = height * width * channels
    // A batch of tiles computes the neighbours of its frames again: the more frames the better.
    let shared = tiled.tiles > 1 && reach > 0 ? min(read, (256 << 20) / (4 * size)) : 1
    together = max(shared / tiled.batch, 1) * tiled.batch
    images = Array(repeating: 0, count: together * size)
  }

  /// Side of a result's pixel, nm.
  var pixelSize: Double {
    context.recipe.pixelSize / Double(context.model.network.magnification)
  }

  /// Gives the images of a few frames at a time, in order.
  func run(_ body: (UnsafeBufferPointer<Float>) throws -> Void) throws -> InferReport {
    let reader = FrameReader(
      context.job.movie, frames: frames, region: region, batch: read, halo: reach, slots: 3)
    let progress = Progress(total: frames.count, unit: "frames", quiet: context.job.quiet)
    reader.start()
    let failure = Result {
      do {
        while let batch = reader.filled.pop() {
          try compute(batch, progress, body)
          reader.free.push(batch)
        }
      } catch is Interrupted {}
    }
    progress.finish()
    reader.stop()
    try failure.get()
    if let error = reader.error { throw error }
    report.interrupted = Interrupt.requested && report.frames < frames.count
    (report.batch, report.tiles) = (tiled.batch, tiled.tiles)
    (report.height, report.width) = (height, width)
    report.outputs =
      head == .image() ? context.model.network.describedOutputs : [context.job.result ?? ""]
    return report
  }

  /// As many frames of a batch at a time as there is room for images.
  private func compute(
    _ batch: FrameBatch, _ progress: Progress, _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    let size = height * width * channels
    for start in stride(from: 0, to: batch.shape.frames, by: together) {
      let count = min(together, batch.shape.frames - start)
      try images.withUnsafeMutableBufferPointer { images in
        let room = UnsafeMutableBufferPointer(rebasing: images[..<(count * size)])
        try compute(batch, start..<start + count, into: room) { part in
          if Interrupt.requested { throw Interrupted() }
          progress.update(report.frames + Int(part * Double(count)))
        }
        try body(UnsafeBufferPointer(room))
      }
      report.frames += count
      progress.update(report.frames)
    }
  }

  private func compute(
    _ batch: FrameBatch, _ own: Range<Int>, into images: UnsafeMutableBufferPointer<Float>,
    meanwhile: (Double) throws -> Void
  ) throws {
    let stack = FrameStack(
      batch.filled, context.job.movie.info.pixel == .uint16 ? .uint16 : .float32,
      height: region.height, width: region.width, units: units,
      first: batch.frames.lowerBound - batch.shape.leading)
    let answering = own.lowerBound + batch.shape.leading..<own.upperBound + batch.shape.leading
    let failed = context.fallback.device.info
    do {
      try tiled.image(
        stack, answering: answering, continuing: true, into: images, meanwhile: meanwhile)
    } catch {
      try context.fallback.leave(failed, after: error)
      tiled = try TiledNetwork(
        context.model, batch: tiled.batch, height: region.height, width: region.width,
        on: context.fallback.device, memory: context.recipe.network.memory << 20, head: head)
      try tiled.image(stack, answering: answering, into: images, meanwhile: meanwhile)
    }
  }
}
