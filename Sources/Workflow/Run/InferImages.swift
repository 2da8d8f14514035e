import Formats
import Foundation

/// Images of every frame, or their sum.
extension InferJob {
  /// A page for each frame and channel.
  func writeImages(_ context: InferContext) throws -> InferReport {
    let run = try ImageRun(context)
    let frameBytes = 4 * run.height * run.width * run.channels
    var plane = [Float](repeating: 0, count: run.channels > 1 ? run.height * run.width : 0)
    var writer: TIFFMovieWriter?
    var report = try run.run { images in
      let file =
        try writer
        ?? TIFFMovieWriter(
          path: output, width: run.width, height: run.height, pixel: .float32,
          channels: run.channels, bigTIFF: frameBytes * run.frames.count > 4_000_000_000,
          pixelSize: run.pixelSize, provenance: [try context.provenance()], overwrite: overwrite)
      writer = file
      try images.forEachPlane(of: run.channels, in: &plane) {
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
  /// Gives images [frame, row, column, channel] channel by channel, each in `plane`, which is as large
  /// as one.
  fileprivate func forEachPlane(
    of channels: Int, in plane: inout [Float], _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    guard channels > 1 else { return try body(self) }
    let pixels = plane.count
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
