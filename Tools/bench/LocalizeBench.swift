import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Workflow

/// All of `glint localize`, from a TIFF in the page cache to a table on disk.
struct LocalizeBench {
  let device: any Device
  let threads: Int?
  let runs: Int
  let frames: Int

  func run() throws {
    let folder = NSTemporaryDirectory() + "glint-bench-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let settings = SimulationSettings(
      width: 256, height: 256, frames: frames, psf: GaussianPSF(sigma: 1.2),
      blinking: .independent(perFrame: 40), camera: Camera())
    let made = try SimulateJob(
      settings: settings, folder: folder, kind: "tif", overwrite: true
    ).run()
    var recipe = Recipe()
    recipe.pixelSize = 100
    recipe.camera = settings.camera
    for name in ["locs.hdf5", "locs.csv"] {
      var last: LocalizeReport?
      let (median, least, most) = try time(runs) {
        last = try LocalizeJob(
          source: try Movies.open(made.files[0]), recipe: recipe, maps: nil,
          devices: [device], threads: threads, outputs: ["\(folder)/\(name)"], overwrite: true
        ).run()
      }
      guard let last else { continue }
      let count = Double(frames)
      print(
        String(
          format: "localize to %@: %.0f frames/s (median of %d; %.0f to %.0f), %d rows, %d MiB",
          name, count / median, runs, count / most, count / least, last.localizations,
          last.peakMemoryBytes >> 20))
      print(
        String(
          format: "    read %.3f s, compute %.3f s, collect %.3f s, write %.3f s of %.3f s",
          last.stages.read, last.stages.compute, last.stages.collect, last.stages.write,
          last.seconds))
      for row in last.profile {
        print(String(format: "    %@ %.1f µs per frame", row.op, row.seconds * 1e6 / count))
      }
    }
  }
}
