import Formats
import Foundation
import Microscopy
import Optics

/// A simulated movie, its truth and its settings, written into a folder. What `glint simulate` does.
public struct SimulateJob {
  let settings: SimulationSettings
  let folder: String
  let kind: String
  let overwrite: Bool
  let quiet: Bool

  /// What was written.
  public struct Result: Sendable {
    public var frames: Int
    public var molecules: Int
    public var files: [String]
  }

  /// - Parameter kind: "tif", "bigtiff", "dax" or "raw".
  public init(
    settings: SimulationSettings, folder: String, kind: String, overwrite: Bool, quiet: Bool
  ) {
    self.settings = settings
    self.folder = folder
    self.kind = kind
    self.overwrite = overwrite
    self.quiet = quiet
  }

  public func run() throws -> Result {
    let simulation = try Simulation(settings)
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw OutputError.unwritable(path: folder, reason: "the folder cannot be made")
    }
    let moviePath = folder + "/movie." + (kind == "bigtiff" ? "tif" : kind)
    let truthPath = folder + "/truth.csv"
    let settingsPath = folder + "/settings.json"
    for path in [moviePath, truthPath, settingsPath]
    where !overwrite && FileManager.default.fileExists(atPath: path) {
      throw OutputError.exists(path: path)
    }
    var files = try writeMovie(simulation, to: moviePath)
    try Tables.write(simulation.truth, to: truthPath, overwrite: overwrite)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let staged = try StagedFile(path: settingsPath, overwrite: overwrite)
    try encoder.encode(settings).write(to: URL(fileURLWithPath: staged.temporary))
    try staged.commit()
    files += [truthPath, settingsPath]
    if let maps = simulation.maps {
      let path = folder + "/camera.hdf5"
      try CameraFiles.write(maps, to: path, overwrite: overwrite)
      files.append(path)
    }
    return Result(frames: settings.frames, molecules: simulation.truth.count, files: files)
  }

  private func writeMovie(_ simulation: Simulation, to path: String) throws -> [String] {
    let (width, height) = (settings.width, settings.height)
    var pixels = [UInt16](repeating: 0, count: width * height)
    let progress = Progress(total: settings.frames, unit: "frames", quiet: quiet)
    func drawAll(_ append: ([UInt16]) throws -> Void) throws {
      for k in 0..<settings.frames {
        if Interrupt.requested { throw CancellationError() }
        pixels.withUnsafeMutableBufferPointer { simulation.frame(k, into: $0) }
        try append(pixels)
        progress.update(k + 1)
      }
      progress.finish()
    }
    switch kind {
    case "dax", "raw":
      let sidecar: RawMovieWriter.Sidecar = kind == "dax" ? .inf : .yaml
      let writer = try RawMovieWriter(path: path, width: width, height: height, sidecar: sidecar)
      try drawAll(writer.append)
      try writer.finish()
      let text = URL(fileURLWithPath: path).deletingPathExtension()
        .appendingPathExtension(kind == "dax" ? "inf" : "yaml").path
      return [path, text]
    default:
      let bytes = settings.frames * width * height * 2
      let writer = try TIFFMovieWriter(
        path: path, width: width, height: height,
        bigTIFF: kind == "bigtiff" || bytes > 0xE000_0000, pixelSize: settings.pixelSize)
      try drawAll(writer.append)
      try writer.finish()
      return [path]
    }
  }
}
