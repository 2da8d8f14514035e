import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Optics
import Reporting

/// Measures on a movie what a network assumes that divides frames by their noise: the usual
/// background.
///
/// The network itself says what the background is: a first guess from the darker parts of frames is
/// replaced by the network's answer until it no longer changes. The frames are spread over the whole
/// movie, whatever part of it is localized, so that runs on parts of a movie measure the same.
struct NetworkMeasurement {
  let movie: any Movie
  let recipe: Recipe
  let region: PixelRegion
  let maps: CameraMaps?
  let devices: [any Device]
  let cancellation: Cancellation

  private static let fewestFrames = 4
  private static let mostFrames = 64
  private static let enoughPixels = 500_000

  /// The settings with what was measured, and what to tell the user about it.
  func run(
    _ settings: NetworkSettings, _ model: Model
  ) throws -> (NetworkSettings, notes: [Message]) {
    guard model.system.unit == .effectiveCounts, settings.level == nil else {
      return (settings, [])
    }
    let pixels = region.width * region.height
    let wanted = min(max(Self.enoughPixels / pixels, Self.fewestFrames), Self.mostFrames)
    let frames = try read(SampledMovie(movie, most: wanted))
    var levels = frames.map(guess)
    for _ in 0..<6 {
      let level = levels.median
      guard let found = try answers(of: model, to: frames, from: level) else { break }
      levels = found
      if abs(levels.median - level) < 0.02 * level { break }
    }
    var settings = settings
    let level = max(levels.median, Self.darkest)
    settings.level = Double(String(format: "%.4g", level))
    let ranges = try TrainedRange.remarks(
      on: model, try content(of: frames, settings, model, level), camera: recipe.camera)
    return (settings, notes(levels, level) + ranges)
  }

  /// Photons per pixel; movies without background have a little, so that there is a noise to divide by.
  private static let darkest = 0.01

  private func notes(_ levels: [Double], _ level: Double) -> [Message] {
    func words(_ value: Double) -> String { String(format: "%.3g", value) }
    let measured: Message =
      "the background is \(words(level)) photons per pixel, measured on \(levels.count) frames"
    let (low, high) = (levels.quantile(0.1), levels.quantile(0.9))
    guard low < 0.6 * level || high > 1.6 * level else { return [measured] }
    return [
      measured,
      """
      warning: the background of most frames is between \(words(low)) and \(words(high)) photons per \
      pixel, more than the network is made for; localize the parts of the movie one by one with \
      \(.frames)
      """,
    ]
  }

  /// Frames as the file has them.
  private func read(_ sample: SampledMovie) throws -> [[UInt8]] {
    let source = FrameSource(
      sample, frames: 0..<sample.frames.count, region: region, batch: 1, halo: 0)
    let buffer = BatchBuffer(bytes: source.batchBytes)
    var frames: [[UInt8]] = []
    while try source.fill(buffer, isStopped: { false }) {
      try cancellation.check()
      frames.append(Array(buffer.batch.bytes))
    }
    return frames
  }

  /// The background of a frame where a quarter of its blocks of pixels are darker, photons per pixel.
  private func guess(_ frame: [UInt8]) -> Double {
    let camera = recipe.camera
    let photons = frame.withUnsafeBytes { bytes in
      movie.info.pixel == .uint16
        ? bytes.bindMemory(to: UInt16.self).enumerated().map {
          Double(camera.photons(Float($1), at: $0, maps))
        }
        : bytes.bindMemory(to: Float.self).enumerated().map {
          Double(camera.photons($1, at: $0, maps))
        }
    }
    let side = min(4, region.width, region.height)
    var blocks: [Double] = []
    for y in stride(from: 0, through: region.height - side, by: side) {
      for x in stride(from: 0, through: region.width - side, by: side) {
        var sum = 0.0
        for row in y..<y + side {
          for column in x..<x + side { sum += photons[row * region.width + column] }
        }
        blocks.append(sum / Double(side * side))
      }
    }
    return max(blocks.filter(\.isFinite).quantile(0.25), Self.darkest)
  }

  /// What the movie has of what a network is trained for.
  private func content(
    of frames: [[UInt8]], _ settings: NetworkSettings, _ model: Model, _ level: Double
  ) throws -> TrainedRange.Content {
    let model = try model.seeing(recipe.camera, maps, level: level)
    let head = model.listHead(
      threshold: settings.threshold.map { Float($0) }, batch: 1, height: region.height,
      width: region.width)
    let column = model.system.task.emitters?.columns.first { $0.quantity == .photons }
    var photons: [Double] = []
    var (list, rows) = (EmitterList(), 0)
    if let head {
      let network = try network(model, head)
      for frame in frames {
        try frame.withUnsafeBytes {
          try network.list(stack($0, model), answering: 0..<1, into: &list)
        }
        rows += list.most
        if let column { photons += (0..<list.count).map { column.value(list, $0, (0, 0)) } }
      }
    }
    let pixels = Double(region.width * region.height * frames.count)
    var single = recipe
    single.localizer = .emitters(EmitterSettings())
    let width = try EmitterMeasurement(
      movie: movie, recipe: single, region: region, maps: maps, psf: nil, devices: devices,
      threads: nil, cancellation: cancellation
    ).width()
    return TrainedRange.Content(
      level: level, photons: photons.isEmpty ? nil : photons.median,
      density: Double(rows) / pixels, width: width)
  }

  private func network(_ model: Model, _ head: NetworkHead = .image()) throws -> TiledNetwork {
    try TiledNetwork(
      model, height: region.height, width: region.width, on: devices.first ?? CPUDevice(),
      memory: recipe.networkMemory, head: head, cancellation: cancellation)
  }

  /// A frame that stands alone: frames of a sample do not follow each other.
  private func stack(_ bytes: UnsafeRawBufferPointer, _ model: Model) -> FrameStack {
    FrameStack(
      bytes, movie.info.pixel == .uint16 ? .uint16 : .float32, height: region.height,
      width: region.width, units: recipe.camera.units(model.system.unit, maps))
  }

  /// The mean background of each frame by the network; nil if it gives none.
  private func answers(
    of model: Model, to frames: [[UInt8]], from level: Double
  ) throws -> [Double]? {
    let model = try model.seeing(recipe.camera, maps, level: level)
    guard let background = model.system.background else { return nil }
    let network = try network(model)
    let (pixels, channels) = (region.height * region.width, try network.imageType.shape[3])
    var image = [Float](repeating: 0, count: pixels * channels)
    return try frames.map { frame in
      try frame.withUnsafeBytes { bytes in
        try image.withUnsafeMutableBufferPointer {
          try network.image(stack(bytes, model), answering: 0..<1, into: $0)
        }
      }
      let values = stride(from: background.channel, to: image.count, by: channels).lazy
      let sum = values.reduce(0.0) { $0 + Double(image[$1]) }
      return background.photons * sum / Double(pixels)
    }
  }
}
