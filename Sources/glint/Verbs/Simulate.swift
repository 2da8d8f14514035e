import ArgumentParser
import Formats
import Foundation
import Microscopy
import Optics
import Workflow

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a movie from known truth.",
    discussion: """
      Writes movie.tif (or .dax, .raw), truth.csv and settings.json into a folder. The same seed \
      gives the same movie, pixel by pixel, on any machine.

      EXAMPLE:
        glint simulate -o sim --frames 1000 --size 256,256 --per-frame 40 --scene filaments
      """)

  enum SceneName: String, CaseIterable, ExpressibleByArgument {
    case uniform, grid, filaments, rings
  }
  enum FileKind: String, CaseIterable, ExpressibleByArgument { case tif, bigtiff, dax, raw }

  @Option(name: .shortAndLong, help: ArgumentHelp("Folder to write into.", valueName: "dir"))
  var output: String

  @Option(help: "Number of frames.") var frames = 500
  @Option(help: ArgumentHelp("Width and height, px.", valueName: "W,H")) var size = Size(256, 256)
  @Option(help: ArgumentHelp("Camera pixel in the sample plane.", valueName: "nm"))
  var pixelSize = 100.0
  @Option(help: "Where the molecules are.") var scene = SceneName.uniform
  @Option(help: ArgumentHelp("Molecules that are on in a frame, on average.", valueName: "n"))
  var perFrame = 40.0
  @Option(
    help: ArgumentHelp(
      "Mean length of a blink; 0 for new molecules in every frame.", valueName: "frames"))
  var onTime = 0.0
  @Option(help: ArgumentHelp("Photons of a molecule in a whole frame.", valueName: "n"))
  var photons = 1000.0
  @Option(
    help: ArgumentHelp("Spread of the photons' logarithm; 0 for all alike.", valueName: "s"))
  var photonSpread = 0.0
  @Option(help: ArgumentHelp("Background photons per pixel.", valueName: "n")) var background = 10.0
  @Option(help: ArgumentHelp("Width of the PSF.", valueName: "px")) var psfSigma = 1.2
  @OptionGroup(title: "Camera") var camera: CameraOptions
  @Flag(help: "An sCMOS sensor whose pixels differ; writes camera.hdf5 with its maps.")
  var scmos = false
  @Option(help: "Seed of everything random.") var seed: UInt64 = 1
  @Option(help: "Kind of movie file.") var format = FileKind.tif
  @Option(
    help: ArgumentHelp("Settings (JSON) as an earlier run wrote them; they win.", valueName: "file")
  )
  var settings: String?
  @Flag(help: "Replace outputs that exist.") var force = false
  @Flag(name: .shortAndLong, help: "No progress.") var quiet = false

  func validate() throws {
    // Numbers of molecules follow from these; the rest is checked with the settings as a whole.
    guard perFrame >= 0, perFrame <= 1e6 else {
      throw ValidationError("--per-frame \(perFrame) must be in 0...1000000")
    }
    guard onTime >= 0, onTime < 200 else {
      throw ValidationError("--on-time \(onTime) must be in 0..<200 frames")
    }
    guard photonSpread >= 0 else {
      throw ValidationError("--photon-spread \(photonSpread) must be 0 or more")
    }
  }

  func run() throws {
    let job = SimulateJob(
      settings: try simulationSettings(), folder: output, kind: format.rawValue, overwrite: force,
      quiet: quiet)
    let result = try job.run()
    print("\(result.frames) frames, \(result.molecules) rows of truth in \(output)")
    for file in result.files { print("  \(file)") }
  }

  private func simulationSettings() throws -> SimulationSettings {
    if let settings {
      guard let data = FileManager.default.contents(atPath: settings) else {
        throw ValidationError("cannot read the settings \(settings)")
      }
      do { return try JSONDecoder().decode(SimulationSettings.self, from: data) } catch {
        throw ValidationError("\(settings) holds no simulation settings: \(error)")
      }
    }
    var camera = Camera(offset: 100, gain: 2, quantumEfficiency: 0.9, readNoise: 1.5)
    var maps: CameraMaps?
    var path = ""
    try self.camera.apply(to: &camera, maps: &maps, file: &path)
    if maps != nil {
      throw ValidationError("simulate makes its own maps with --scmos; --camera takes scalars here")
    }
    var result = SimulationSettings(
      width: size.width, height: size.height, frames: frames, pixelSize: pixelSize,
      psf: GaussianPSF(sigma: psfSigma), camera: camera, seed: seed)
    let extent = Double(min(size.width, size.height)) * pixelSize
    result.scene =
      switch scene {
      case .uniform: .uniform
      case .grid: .grid(spacing: 10 * pixelSize, jitter: pixelSize / 2)
      case .filaments: .filaments(count: 12, radius: 12, bend: max(2 * extent, 3000))
      case .rings: .rings(count: 40, radius: 55, corners: 8, blur: 5)
      }
    let on = onTime
    result.blinking =
      on > 0
      ? .switching(
        molecules: max(1, Int(perFrame * 200 / (on + 1))), on: on, off: 200 - on)
      : .independent(perFrame: perFrame)
    result.photons =
      photonSpread > 0 ? .logNormal(mean: photons, spread: photonSpread) : .fixed(photons: photons)
    result.background = .flat(level: background)
    result.sensor = scmos ? SensorVariation() : nil
    return result
  }
}

/// Width and height, `W,H`.
struct Size: ExpressibleByArgument {
  let width: Int
  let height: Int

  init(_ width: Int, _ height: Int) {
    self.width = width
    self.height = height
  }

  init?(argument: String) {
    let parts = argument.split(whereSeparator: { $0 == "," || $0 == "x" }).map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1], width > 0, height > 0
    else { return nil }
    self.init(width, height)
  }

  var defaultValueDescription: String { "\(width),\(height)" }
}
