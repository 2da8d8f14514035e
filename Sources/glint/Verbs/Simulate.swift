import ArgumentParser
import Formats
import Foundation
import Microscopy
import Optics
import Reporting
import Workflow

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Simulate a movie with known ground truth.",
    discussion: """
      Writes movie.tif (or .dax, .raw), truth.csv and settings.json into a folder; with camera \
      maps also camera.hdf5, and with a PSF that depends on z also psf.yaml or psf.hdf5 for \
      `localize --psf`. The same seed gives the same pixels on any machine.

      --psf is a calibration file, gaussian, astigmatic (a Gaussian of --psf-sigma whose foci in x \
      and y lie at ±250 nm), pupil (diffraction, with --zernike and --phase-mask), double-helix, \
      or lobes (two Gaussians of --psf-sigma, 4 σ apart, that rotate by a quarter turn per 1 µm).

      EXAMPLE:
        glint simulate -o sim --frames 1000 --size 256,256 --per-frame 40 --scene filaments
        glint simulate -o depth --psf astigmatic --z-range -500:500 --camera camera.hdf5
        glint simulate -o beads --beads 9 --z-step 20 --z-range -600:600 --psf double-helix
        glint simulate -o dark --dark --frames 1000 --scmos
        glint simulate -o level --bright 200 --frames 1000 --camera dark/camera.hdf5 --seed 2
      """)

  enum FileKind: String, CaseIterable, ExpressibleByArgument { case tif, bigtiff, dax, raw }

  @Option(name: .shortAndLong, help: ArgumentHelp("Output folder.", valueName: "dir"))
  var output: String

  @Option(SimulationSettings.frames, "n") var frames: Int
  @Option(SimulationSettings.side.facts, "W,H") var size: Size?
  @Option(FieldOfView.pixelSize) var pixelSize: Double
  @Option(Scene.kind, "scene") var scene: Scene.Kind
  @Option(Blinking.perFrame, "n") var perFrame: Double
  @Option(Blinking.onTime) var onTime: Double
  @Option(PhotonLaw.photons, "n") var photons: Double
  @Option(PhotonLaw.spread, "s") var photonSpread: Double
  @Option(Background.level, "n") var background: Double
  @Option(SimulationSettings.sigma) var psfSigma: Double
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Calibration file, or one of the names above.", valueName: "psf"))
  var psf = "gaussian"
  @Option(SimulationSettings.zRange.facts, "A:B nm") var zRange: DepthRange?
  @OptionGroup(title: "Pupil") var pupil: PupilOptions
  @Option(Blinking.beads, "n") var beads: Int?
  @Option(ZStack.step) var zStep: Double?
  @Flag(help: "Simulate dark frames: no light.") var dark = false
  @Option(Background.bright) var bright: Double?
  @OptionGroup(title: "Camera") var camera: CameraOptions
  @Flag(
    help: "Simulate an sCMOS sensor with pixel-to-pixel variation; writes its maps to camera.hdf5.")
  var scmos = false
  @Option(parsing: .unconditional, help: "Seed of the random numbers.") var seed: UInt64 = 1
  @Option(parsing: .unconditional, help: "File format of the movie.") var format = FileKind.tif
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Settings (JSON) from an earlier run; they override all options.", valueName: "file")
  )
  var settings: String?
  @Flag(help: "Replace existing outputs.") var force = false
  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.") var quiet = false

  func validate() throws {
    if [dark, bright != nil, beads != nil].count(where: { $0 }) > 1 {
      throw ValidationError("--dark, --bright and --beads cannot be combined")
    }
    if zStep != nil, beads == nil { throw ValidationError("--z-step requires --beads") }
  }

  func run() throws {
    let (settings, maps) = try simulationSettings()
    let job = SimulateJob(
      settings: settings, maps: maps, calibrated: try Self.calibrated(settings), folder: output,
      kind: format.rawValue, overwrite: force,
      observer: Terminal(quiet: quiet), cancellation: Interrupt.cancellation)
    let result = try job.run()
    if quiet { return }
    print("\(result.frames) frames, \(result.molecules) rows of truth in \(output)")
    for file in result.files { print("  \(file)") }
  }

  private func simulationSettings() throws -> (SimulationSettings, CameraMaps?) {
    if let settings {
      do {
        let result = try SimulationSettings(file: settings)
        return (result, try result.cameraFile.flatMap { try CameraFiles.read($0).maps })
      } catch let error as DecodingError {
        throw ValidationError("\(settings) does not hold simulation settings: \(error.words)")
      }
    }
    let (camera, maps, path) = try self.camera.read(
      over: Camera(offset: 100, gain: 2, quantumEfficiency: 0.9, readNoise: 1.5))
    if maps != nil, scmos {
      throw ValidationError(
        "--scmos simulates its own maps and cannot be combined with the maps of --camera")
    }
    let size = self.size ?? maps.map { Size($0.width, $0.height) } ?? Size(256, 256)
    var result = SimulationSettings(
      width: size.width, height: size.height, frames: frames, pixelSize: pixelSize,
      psf: GaussianPSF(sigma: psfSigma), camera: camera, seed: seed)
    let extent = Double(min(size.width, size.height)) * pixelSize
    result.scene = Scene(scene, pixelSize: pixelSize, extent: extent)
    result.blinking = try Blinking(perFrame: perFrame, onTime: onTime)
    result.photons =
      photonSpread == 0
      ? .fixed(photons: photons) : .logNormal(mean: photons, spread: photonSpread)
    result.background = .flat(level: background)
    result.sensor = scmos ? SensorVariation() : nil
    // Cropped maps are written into the output folder.
    if maps != nil {
      result.cameraFile = self.camera.sensorRegion == nil ? path : output + "/camera.hdf5"
    }
    result.depthPSF = try depthPSF()
    result.zRange = zRange?.nanometres
    if let beads { try arrange(beads, &result) }
    if dark || bright != nil {
      result.blinking = .independent(perFrame: 0)
      result.background = .flat(level: bright ?? 0)
    }
    return (result, maps)
  }

  private func depthPSF() throws -> DepthPSF? {
    let computed = ["pupil", "double-helix"].contains(psf)
    if !computed, let option = pupil.given {
      throw ValidationError("\(option) requires --psf pupil or --psf double-helix, not \(psf)")
    }
    switch psf {
    case "gaussian": return nil
    case "astigmatic":
      // σ (1 + 0.3 ((z ∓ 250) / 400)²), near a beam's own √(1 + …) and a polynomial as Picasso keeps it.
      func curve(_ focus: Double) -> WidthCurve {
        let bend = 0.3 * psfSigma / (400 * 400)
        return .polynomial([psfSigma + bend * focus * focus, -2 * bend * focus, bend])
      }
      return .astigmatic(
        AstigmaticPSF(
          x: curve(250), y: curve(-250), zRange: -800...800, pixelSize: pixelSize))
    case "pupil", "double-helix":
      return .pupil(try pupil.psf(pixelSize: pixelSize, helix: psf == "double-helix"))
    case "lobes": return .lobes(RotatingLobes(sigma: psfSigma))
    default: return .file(path: psf)
    }
  }

  /// A grid of beads that is scanned through the focus, one plane per frame.
  private func arrange(_ beads: Int, _ settings: inout SimulationSettings) throws {
    guard let zStep else {
      throw ValidationError("--beads requires the distance between planes, such as --z-step 20")
    }
    try Blinking.beads.check(beads)
    try ZStack.step.check(zStep)
    let depth = settings.zRange ?? -600...600
    try SimulationSettings.zRange.check(depth)
    settings.zRange = nil
    settings.zStack = ZStack(
      first: zStep > 0 ? depth.lowerBound : depth.upperBound, step: zStep)
    settings.frames = Int((depth.upperBound - depth.lowerBound) / abs(zStep)) + 1
    let side = Double(beads).squareRoot().rounded(.up)
    let spacing = Double(min(settings.width, settings.height)) * pixelSize / side
    settings.scene = .grid(spacing: spacing, jitter: pixelSize / 2)
    settings.blinking = .always(molecules: beads)
  }

  /// The PSF from the calibration file that the settings name.
  private static func calibrated(_ settings: SimulationSettings) throws -> CalibratedPSF? {
    guard case .file(let path) = settings.depthPSF else { return nil }
    return try CalibrationFiles.read(path)
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
