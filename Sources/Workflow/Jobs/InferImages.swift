import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Reporting

/// Writes images of every frame, or their sum.
extension InferJob {
  /// One page per frame and channel.
  func writeImages(_ model: Model, _ recipe: Recipe, _ journal: Journal) throws -> InferReport {
    let frames = try recipe.frames(in: movie.info)
    let run = try imageRun(model, recipe)
    let finished = journal.done
    // An earlier stop may have given the part that it finished a name.
    let partial = try journal.lastNote()
    let file = ImageFile(frames, journal, cancellation) { layout in
      try TIFFMovieWriter(
        path: output, width: layout.width, height: layout.height, pixel: .float32,
        channels: layout.channels, bigTIFF: 4 * layout.size * frames.count > 4_000_000_000,
        pixelSize: pixelSize(model, recipe),
        provenance: [try provenance(recipe, device: run.deviceName)], overwrite: overwrite,
        resuming: finished * layout.channels, from: partial)
    }
    var report: InferReport
    do {
      report = try self.report(run, frames, finished, into: file, model, recipe)
    } catch {
      _ = try? keep(file.writer, journal)
      throw error
    }
    if report.interrupted {
      report.notes.append(contentsOf: try keep(file.writer, journal))
    } else {
      journal.markClosing()
      try file.writer?.finish()
    }
    return report
  }

  /// Saves the complete frames under a partial name; returns a note of it.
  private func keep(_ writer: TIFFMovieWriter?, _ journal: Journal) throws -> [String] {
    guard let writer, writer.wholeFrames > 0 else {
      observer.note("stopped before a frame was complete; nothing was saved")
      return []
    }
    var name = ""
    let line = try partial {
      try writer.rename(to: $0)
      name = $0
    }
    let frames = writer.wholeFrames
    try writer.finish()
    journal.append(items: frames / writer.channels, Array(name.utf8))
    return [line]
  }

  /// One page per channel: the sum over frames, in which negative values count as 0.
  func addImages(_ model: Model, _ recipe: Recipe, _ journal: Journal) throws -> InferReport {
    let frames = try recipe.frames(in: movie.info)
    let run = try imageRun(model, recipe)
    let finished = journal.done
    let sum = ImageSum(frames, journal, try journal.latest())
    var report: InferReport
    do {
      report = try self.report(run, frames, finished, into: sum, model, recipe)
    } catch {
      sum.record()
      throw error
    }
    guard report.frames > 0, sum.layout.size > 0 else {
      observer.note("stopped before a frame was complete; nothing was saved")
      return report
    }
    var name = output
    if report.interrupted {
      sum.record()
      report.notes.append(try partial { name = $0 })
    } else {
      journal.markClosing()
    }
    let layout = sum.layout
    let writer = try TIFFMovieWriter(
      path: name, width: layout.width, height: layout.height, pixel: .float32,
      channels: layout.channels, bigTIFF: 4 * layout.size > 4_000_000_000,
      pixelSize: pixelSize(model, recipe),
      provenance: [
        try provenance(
          recipe, device: run.deviceName,
          frames: report.interrupted ? "the first \(report.frames) frames" : nil)
      ], overwrite: report.interrupted ? false : overwrite)
    for channel in 0..<layout.channels {
      let plane = stride(from: channel, to: layout.size, by: layout.channels).map {
        Float(sum.values[$0])
      }
      try plane.withUnsafeBytes { try writer.append($0) }
    }
    try writer.finish()
    return report
  }

  /// Pixel size of the result, nm; nil if the movie's is not known.
  private func pixelSize(_ model: Model, _ recipe: Recipe) -> Double? {
    recipe.pixelSize.map { $0 / Double(model.network.magnification) }
  }

  private func imageRun(_ model: Model, _ recipe: Recipe) throws -> Run<ImageBatch> {
    let info = movie.info
    let region = try recipe.region(in: info)
    let maps = try recipe.maps(maps, for: region, in: info)
    let stage = ImageStage(
      model, result: result, height: region.height, width: region.width,
      info.pixel == .uint16 ? .uint16 : .float32,
      units: recipe.camera.units(model.system.unit, maps),
      memory: recipe.networkMemory)
    return try run(stage, items: info.frames, .frames)
  }

  private func report(
    _ run: Run<ImageBatch>, _ frames: Range<Int>, _ finished: Int, into sink: some LayoutSink,
    _ model: Model,
    _ recipe: Recipe
  ) throws -> InferReport {
    let source = FrameSource(
      movie, frames: frames.dropFirst(finished), region: try recipe.region(in: movie.info),
      batch: run.batch,
      halo: model.network.temporalReach)
    let summary = try run.run(from: source, into: [sink])
    if !summary.interrupted { try movie.checkUnchanged() }
    var report = InferReport()
    report.frames = finished + summary.items
    report.interrupted = summary.interrupted
    (report.batch, report.tiles) = (sink.layout.batch, sink.layout.tiles)
    (report.height, report.width) = (sink.layout.height, sink.layout.width)
    report.outputs = result.map { [$0] } ?? model.network.describedOutputs
    report.device = run.deviceName
    return report
  }

  private func partial(_ claim: (String) throws -> Void) throws -> String {
    let name = try PartialName.of(output, claim: claim)
    let line = "stopped: the complete part is saved in \(name)"
    observer.note("\(line)")
    return line
  }
}

/// A sink that knows the size of its images.
private protocol LayoutSink: Sink<ImageBatch> {
  var layout: ImageBatch.Layout { get }
}

/// Writes one page per frame and channel, into a file that is opened when the first images arrive.
private final class ImageFile: LayoutSink {
  private(set) var layout = ImageBatch.Layout()
  private(set) var writer: TIFFMovieWriter?
  private let frames: Range<Int>
  private let journal: Journal
  private let cancellation: Cancellation
  private let open: (ImageBatch.Layout) throws -> TIFFMovieWriter
  private var plane: [Float] = []

  init(
    _ frames: Range<Int>, _ journal: Journal, _ cancellation: Cancellation,
    open: @escaping (ImageBatch.Layout) throws -> TIFFMovieWriter
  ) {
    self.frames = frames
    self.journal = journal
    self.cancellation = cancellation
    self.open = open
  }

  func take(_ images: ImageBatch, of frames: Range<Int>) throws {
    layout = images.layout
    let file = try writer ?? open(layout)
    writer = file
    try images.withValues { try append($0, to: file) }
    // A resumed run needs images to know their size, so the last ones are not recorded.
    if journal.isDue, frames.upperBound < self.frames.upperBound {
      let descriptor = file.descriptor
      journal.append(items: frames.upperBound - self.frames.lowerBound) { fdatasync(descriptor) }
    }
  }

  private func append(_ values: UnsafeBufferPointer<Float>, to file: TIFFMovieWriter) throws {
    let channels = layout.channels
    let pixels = layout.height * layout.width
    if plane.count < pixels { plane = Array(repeating: 0, count: pixels) }
    for frame in 0..<values.count / layout.size {
      if channels == 1 {
        let image = values[frame * pixels..<(frame + 1) * pixels]
        try file.append(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: image)))
        continue
      }
      for channel in 0..<channels {
        // A frame may have gigabytes.
        try cancellation.check()
        for pixel in 0..<pixels {
          plane[pixel] = values[(frame * pixels + pixel) * channels + channel]
        }
        try plane.withUnsafeBytes { try file.append($0) }
      }
    }
  }
}

/// Sums over frames; negative values count as 0.
private final class ImageSum: LayoutSink {
  private(set) var layout = ImageBatch.Layout()
  /// [row, column, channel].
  private(set) var values: [Double] = []
  private let frames: Range<Int>
  private let journal: Journal
  private var done = 0

  /// - Parameter bytes: the sum of an interrupted run.
  init(_ frames: Range<Int>, _ journal: Journal, _ bytes: [UInt8]?) {
    self.frames = frames
    self.journal = journal
    guard let bytes else { return }
    values = Array(unsafeUninitializedCapacity: bytes.count / 8) { values, count in
      UnsafeMutableRawBufferPointer(values).copyBytes(from: bytes.prefix(bytes.count / 8 * 8))
      count = bytes.count / 8
    }
  }

  func take(_ images: ImageBatch, of frames: Range<Int>) throws {
    layout = images.layout
    if values.isEmpty { values = Array(repeating: 0, count: layout.size) }
    guard values.count == layout.size else {
      throw OutputError.failed(
        path: journal.path, reason: "its journal has images of another size")
    }
    images.withValues { images in
      values.withUnsafeMutableBufferPointer { sums in
        for index in images.indices { sums[index % sums.count] += Double(max(images[index], 0)) }
      }
    }
    done = frames.upperBound - self.frames.lowerBound
    if journal.isDue { record() }
  }

  /// Records the sum so far; not the last one, because a resumed run needs images to know their
  /// size.
  func record() {
    guard done > journal.done, done < frames.count else { return }
    journal.replace(items: done, values.withUnsafeBytes { Array($0) })
  }
}
