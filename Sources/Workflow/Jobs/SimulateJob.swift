import Formats
import Foundation
import Microscopy
import Optics
import Reporting

/// Writes a simulated movie, its truth and its settings into a folder: the work of `glint
/// simulate`.
public struct SimulateJob {
  let settings: SimulationSettings
  let maps: CameraMaps?
  let calibrated: CalibratedPSF?
  let folder: String
  let kind: String
  let overwrite: Bool
  let observer: any Observer
  let cancellation: Cancellation

  /// What was written.
  public struct Result: Sendable {
    public var frames: Int
    public var molecules: Int
    public var files: [String]
  }

  /// - Parameters:
  ///   - settings: what is simulated.
  ///   - maps: camera maps; nil to simulate the sensor from the settings.
  ///   - calibrated: the PSF from the file that the settings name.
  ///   - folder: the folder for all files.
  ///   - kind: "tif", "bigtiff", "dax" or "raw".
  ///   - overwrite: replaces existing files.
  ///   - observer: is told of progress and notes.
  ///   - cancellation: stops the work when it is triggered.
  public init(
    settings: SimulationSettings, maps: CameraMaps? = nil, calibrated: CalibratedPSF? = nil,
    folder: String, kind: String, overwrite: Bool = false, observer: any Observer = Unobserved(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.maps = maps
    self.calibrated = calibrated
    self.folder = folder
    self.kind = kind
    self.overwrite = overwrite
    self.observer = observer
    self.cancellation = cancellation
  }

  public func run() throws -> Result {
    let simulation = try Simulation(settings, maps: maps, calibrated: calibrated)
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw OutputError.unwritable(path: folder, reason: "the folder cannot be created")
    }
    let moviePath = folder + "/movie." + (kind == "bigtiff" ? "tif" : kind)
    let sidecar = ["dax": "inf", "raw": "yaml"][kind].map { folder + "/movie.\($0)" }
    let truthPath = folder + "/truth.csv"
    let settingsPath = folder + "/settings.json"
    let mapsPath = folder + "/camera.hdf5"
    // A PSF from a file already exists; the PSF of a bead stack is to be measured.
    let psf = calibrated == nil && settings.zStack == nil ? try simulation.calibration : nil
    let psfPath = psf.map { psf -> String in
      if case .astigmatic = psf { folder + "/psf.yaml" } else { folder + "/psf.hdf5" }
    }
    var names = OutputNames(inputs: [], overwrite: overwrite)
    // Dark and uniformly lit movies have no molecules, so there is no truth to write.
    let hasTruth = settings.blinking != .independent(perFrame: 0)
    if hasTruth { try names.add(table: truthPath) }
    for path in [moviePath, settingsPath] + (sidecar.map { [$0] } ?? [])
      + (simulation.maps == nil ? [] : [mapsPath]) + (psfPath.map { [$0] } ?? [])
    { try names.add(path) }
    try cancellation.watch { try writeMovie(simulation, to: moviePath) }
    if hasTruth { try Tables.write(simulation.truth, to: truthPath, overwrite: overwrite) }
    try StagedFile.write(
      JSONEncoder.indented.encode(settings), to: settingsPath, overwrite: overwrite)
    var files =
      [moviePath] + (hasTruth ? [truthPath] : []) + [settingsPath]
      + (sidecar.map { [$0] } ?? [])
    if let maps = simulation.maps {
      try CameraFiles.write(maps, to: mapsPath, overwrite: overwrite)
      files.append(mapsPath)
    }
    if let psf, let psfPath {
      try CalibrationFiles.write(psf, to: psfPath, overwrite: overwrite)
      files.append(psfPath)
    }
    return Result(frames: settings.frames, molecules: simulation.truth.count, files: files)
  }

  private func writeMovie(_ simulation: Simulation, to path: String) throws {
    let (width, height) = (settings.width, settings.height)
    var pixels = [UInt16](repeating: 0, count: width * height)
    observer.progress(RunProgress(0, of: settings.frames, .frames))
    func drawAll(_ append: ([UInt16]) throws -> Void) throws {
      for k in 0..<settings.frames {
        try cancellation.check()
        pixels.withUnsafeMutableBufferPointer { simulation.frame(k, into: $0) }
        try append(pixels)
        observer.progress(RunProgress(k + 1, of: settings.frames, .frames))
      }
    }
    switch kind {
    case "dax", "raw":
      let sidecar: RawMovieWriter.Sidecar = kind == "dax" ? .inf : .yaml
      let writer = try RawMovieWriter(
        path: path, width: width, height: height, sidecar: sidecar, overwrite: overwrite)
      try drawAll(writer.append)
      try writer.finish()
    default:
      let bytes = settings.frames * width * height * 2
      let writer = try TIFFMovieWriter(
        path: path, width: width, height: height,
        bigTIFF: kind == "bigtiff" || bytes > 0xE000_0000, pixelSize: settings.pixelSize,
        overwrite: overwrite)
      try drawAll(writer.append)
      try writer.finish()
    }
  }
}
