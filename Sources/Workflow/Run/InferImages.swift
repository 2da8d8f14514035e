import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks

/// Images of every frame, or their sum.
extension InferJob {
  /// A page for each frame and channel.
  func writeImages(_ context: InferContext) throws -> InferReport {
    let run = try ImageRun(context)
    let frameBytes = 4 * run.height * run.width * run.channels
    var writer: TIFFMovieWriter?
    var report = try run.run { images in
      let file =
        try writer
        ?? TIFFMovieWriter(
          path: output, width: run.width, height: run.height, pixel: .float32,
          channels: run.channels, bigTIFF: frameBytes * run.frames.count > 4_000_000_000,
          pixelSize: run.pixelSize, provenance: [try context.provenance()], overwrite: overwrite)
      writer = file
      try images.forEachPlane(channels: run.channels, pixels: run.height * run.width) {
        try file.append(UnsafeRawBufferPointer($0))
      }
    }
    guard let writer else { return report }
    if report.interrupted { report.notes.append(try partial { try writer.rename(to: $0) }) }
    try writer.finish()
    return report
  }

  /// One page for each channel: the sum over frames, negative values as 0.
  func addImages(_ context: InferContext) throws -> InferReport {
    let run = try ImageRun(context)
    let pixels = run.height * run.width
    var sums = [Double](repeating: 0, count: pixels * run.channels)
    var report = try run.run { images in
      sums.withUnsafeMutableBufferPointer { sums in
        for index in images.indices { sums[index % sums.count] += Double(max(images[index], 0)) }
      }
    }
    guard report.frames > 0 else { return report }
    var name = output
    if report.interrupted { report.notes.append(try partial { name = $0 }) }
    let writer = try TIFFMovieWriter(
      path: name, width: run.width, height: run.height, pixel: .float32, channels: run.channels,
      bigTIFF: 4 * sums.count > 4_000_000_000, pixelSize: run.pixelSize,
      provenance: [
        try context.provenance(
          frames: report.interrupted ? "the first \(report.frames) frames" : nil)
      ], overwrite: overwrite)
    for channel in 0..<run.channels {
      let plane = (0..<pixels).map { Float(sums[$0 * run.channels + channel]) }
      try plane.withUnsafeBytes { try writer.append($0) }
    }
    try writer.finish()
    return report
  }

  private func partial(_ claim: (String) throws -> Void) throws -> String {
    let name = try PartialName.of(output, claim: claim)
    let line = "stopped: what is complete is in \(name)"
    say(line)
    return line
  }
}

extension UnsafeBufferPointer<Float> {
  /// Gives images [frame, row, column, channel] channel by channel.
  fileprivate func forEachPlane(
    channels: Int, pixels: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    guard channels > 1 else { return try body(self) }
    var plane = [Float](repeating: 0, count: pixels)
    for frame in 0..<count / (channels * pixels) {
      for channel in 0..<channels {
        for pixel in 0..<pixels {
          plane[pixel] = self[(frame * pixels + pixel) * channels + channel]
        }
        try plane.withUnsafeBufferPointer(body)
      }
    }
  }
}

/// A movie through a network, batch by batch: reading and computing overlap, memory is bounded.
private final class ImageRun {
  let context: InferContext
  let frames: Range<Int>
  let height: Int
  let width: Int
  let channels: Int
  private let region: PixelRegion
  private let units: FrameStack.Units
  private let pace: Pace
  private let head: NetworkHead
  private var tiled: TiledNetwork

  init(_ context: InferContext) throws {
    self.context = context
    let (info, model) = (context.job.movie.info, context.model)
    region = try context.recipe.region(in: info)
    frames = try context.recipe.frames(in: info)
    let maps = try context.recipe.maps(context.job.maps, for: region, in: info)
    if model.system.unit == .photons {
      if let decode = model.system as? DECODE { try decode.checkUnits() }
      units = context.recipe.camera.photonUnits(maps)
    } else {
      units = .counts
    }
    let pace = model.pace(
      height: region.height, width: region.width, on: context.fallback.device.info)
    let head = NetworkHead.image(context.job.result)
    let region = region
    let memory = context.recipe.network.memory << 20
    self.pace = pace
    self.head = head
    tiled = try context.fallback.perform {
      try TiledNetwork(
        model, batch: min(pace.together, context.job.movie.info.frames), height: region.height,
        width: region.width, on: $0, memory: memory, head: head)
    }
    let type = try tiled.imageType
    (height, width, channels) = (tiled.outputHeight, tiled.outputWidth, type.shape[3])
  }

  /// Side of a result's pixel, nm.
  var pixelSize: Double {
    context.recipe.pixelSize / Double(context.model.network.magnification)
  }

  /// Gives the images of a few frames at a time, in order.
  func run(_ body: (UnsafeBufferPointer<Float>) throws -> Void) throws -> InferReport {
    let movie = context.job.movie
    let (size, batch) = (height * width * channels, tiled.batch)
    let reader = FrameReader(
      movie, frames: frames, region: region, batch: min(max(pace.batch / batch, 1) * batch, 1024),
      halo: context.model.network.temporalReach, slots: 3)
    var images = [Float](repeating: 0, count: batch * size)
    let progress = Progress(total: frames.count, unit: "frames", quiet: context.job.quiet)
    var report = InferReport()
    reader.start()
    let failure = Result {
      while let frames = reader.filled.pop() {
        for start in stride(from: 0, to: frames.shape.frames, by: batch) {
          if Interrupt.requested { return }
          let count = min(batch, frames.shape.frames - start)
          try images.withUnsafeMutableBufferPointer { images in
            let part = UnsafeMutableBufferPointer(rebasing: images[..<(count * size)])
            try compute(frames, start..<start + count, into: part)
            try body(UnsafeBufferPointer(part))
          }
          report.frames += count
          progress.update(report.frames)
        }
        reader.free.push(frames)
      }
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

  private func compute(
    _ batch: FrameBatch, _ own: Range<Int>, into images: UnsafeMutableBufferPointer<Float>
  ) throws {
    let stack = FrameStack(
      batch.filled, context.job.movie.info.pixel == .uint16 ? .uint16 : .float32,
      height: region.height, width: region.width, units: units,
      first: batch.frames.lowerBound - batch.shape.leading)
    let answering = own.lowerBound + batch.shape.leading..<own.upperBound + batch.shape.leading
    let failed = context.fallback.device.info
    do {
      try tiled.image(stack, answering: answering, continuing: true, into: images)
    } catch {
      try context.fallback.leave(failed, after: error)
      tiled = try TiledNetwork(
        context.model, batch: tiled.batch, height: region.height, width: region.width,
        on: context.fallback.device, memory: context.recipe.network.memory << 20, head: head)
      try tiled.image(stack, answering: answering, into: images)
    }
  }
}
