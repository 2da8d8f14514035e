import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics

/// The whole way once: simulate, localize, score, draw. What `glint demo` does.
public struct DemoJob {
  let folder: String
  let device: any Device
  let threads: Int?
  let frames: Int
  let overwrite: Bool
  let quiet: Bool

  public struct Result: Sendable {
    public var report: LocalizeReport
    public var score: Score
    /// Names below the folder.
    public var files: [String]
  }

  public init(
    folder: String, device: any Device, threads: Int?, frames: Int, overwrite: Bool, quiet: Bool
  ) {
    self.folder = folder
    self.device = device
    self.threads = threads
    self.frames = frames
    self.overwrite = overwrite
    self.quiet = quiet
  }

  /// The demo's movie: filaments of blinking molecules seen by an sCMOS camera's scalars.
  static func settings(frames: Int) -> SimulationSettings {
    var settings = SimulationSettings(width: 128, height: 128, frames: frames, pixelSize: 100)
    settings.scene = .filaments(count: 12, radius: 12, bend: 20_000)
    settings.blinking = .switching(molecules: 1500, on: 2, off: 250)
    settings.photons = .logNormal(mean: 1500, spread: 0.4)
    settings.background = .flat(level: 8)
    settings.psf = GaussianPSF(sigma: 1.2)
    return settings
  }

  public func run() throws -> Result {
    let settings = Self.settings(frames: frames)
    let made = try SimulateJob(
      settings: settings, folder: folder, kind: "tif", overwrite: overwrite, quiet: quiet
    ).run()
    var recipe = Recipe()
    recipe.camera = settings.camera
    recipe.pixelSize = settings.pixelSize
    let tables = ["locs.csv", "locs.hdf5"].map { "\(folder)/\($0)" }
    let report = try LocalizeJob(
      source: try Movies.open(made.files[0]), recipe: recipe, maps: nil, device: device,
      threads: threads, outputs: tables, report: nil, overwrite: overwrite, batch: nil, quiet: quiet
    ).run()
    let locs = try Tables.read(tables[1])
    let score = try Score(of: locs, against: Tables.read(made.files[1]))
    let picture = "\(folder)/locs.png"
    try RenderJob(
      table: locs, output: picture, pixel: 10, style: .gaussian, device: device,
      overwrite: overwrite
    ).run()
    return Result(
      report: report, score: score,
      files: made.files.map { URL(fileURLWithPath: $0).lastPathComponent }
        + ["locs.csv", "locs.hdf5", "locs.yaml", "locs.png"])
  }
}
