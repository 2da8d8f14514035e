import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Reporting

/// Simulates, localizes, scores and renders a movie: the work of `glint demo`.
public struct DemoJob {
  let folder: String
  let device: any Device
  let threads: Int?
  let frames: Int
  let overwrite: Bool
  let observer: any Observer
  let cancellation: Cancellation

  public struct Result: Sendable {
    public var report: LocalizeReport
    public var score: Score
    /// File names inside the folder.
    public var files: [String]
  }

  public init(
    folder: String, device: any Device, threads: Int? = nil, frames: Int, overwrite: Bool = false,
    observer: any Observer = Unobserved(), cancellation: Cancellation = Cancellation()
  ) {
    self.folder = folder
    self.device = device
    self.threads = threads
    self.frames = frames
    self.overwrite = overwrite
    self.observer = observer
    self.cancellation = cancellation
  }

  /// The demo's movie: filaments of blinking molecules, with a camera described by the scalars of
  /// an sCMOS.
  static func settings(frames: Int) -> SimulationSettings {
    var settings = SimulationSettings(width: 160, height: 160, frames: frames, pixelSize: 100)
    settings.scene = .filaments(count: 10, radius: 12, bend: 9_000)
    settings.blinking = .switching(molecules: 20_000, on: 2, off: 8000)
    settings.photons = .logNormal(mean: 2000, spread: 0.4)
    settings.background = .flat(level: 8)
    settings.psf = GaussianPSF(sigma: 1.2)
    return settings
  }

  public func run() throws -> Result {
    let settings = Self.settings(frames: frames)
    let tables = ["locs.csv", "locs.hdf5"].map { "\(folder)/\($0)" }
    let picture = "\(folder)/locs.png"
    var names = OutputNames(inputs: [], overwrite: overwrite)
    for table in tables { try names.add(table: table) }
    try names.add(picture)
    let made = try SimulateJob(
      settings: settings, folder: folder, kind: "tif", overwrite: overwrite, observer: observer,
      cancellation: cancellation
    ).run()
    var recipe = Recipe()
    recipe.camera = settings.camera
    recipe.pixelSize = settings.pixelSize
    let report = try LocalizeJob(
      source: try Movies.open(made.files[0]), recipe: recipe, maps: nil, devices: [device],
      threads: threads, outputs: tables, overwrite: overwrite, observer: observer,
      cancellation: cancellation
    ).run()
    if report.interrupted { throw Interrupted() }
    let locs = try Tables.read(tables[1])
    let score = try Score(of: locs, against: Tables.read(made.files[1]))
    let drawing = try PictureWriter(
      path: picture, pixel: 20, device: device, overwrite: overwrite, observer: observer)
    drawing.append(locs)
    try drawing.finish(locs.provenance)
    return Result(
      report: report, score: score,
      files: made.files.map { URL(fileURLWithPath: $0).lastPathComponent }
        + ["locs.csv", "locs.hdf5", "locs.yaml", "locs.png"])
  }
}
