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

  /// Writes all files. If it is stopped or the disk is full, the movie so far, its truth and its
  /// settings are kept under names with `.partial` in them.
  public func run() throws -> Result { try cancellation.watch(runWatched) }

  private func runWatched() throws -> Result {
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
    var files =
      [moviePath] + (hasTruth ? [truthPath] : []) + [settingsPath]
      + (sidecar.map { [$0] } ?? [])
    do {
      try StagedFile.together(telling: observer) {
        try writeMovie(simulation, to: moviePath)
        if hasTruth { try Tables.write(simulation.truth, to: truthPath, overwrite: overwrite) }
        try StagedFile.write(
          JSONEncoder.indented.encode(settings), to: settingsPath, overwrite: overwrite)
        if let maps = simulation.maps {
          try CameraFiles.write(maps, to: mapsPath, overwrite: overwrite)
          files.append(mapsPath)
        }
        if let psf, let psfPath {
          try CalibrationFiles.write(psf, to: psfPath, overwrite: overwrite)
          files.append(psfPath)
        }
      }
    } catch let stop as Stopped {
      try keep(stop, simulation, truth: hasTruth ? truthPath : nil, settings: settingsPath)
      throw stop.reason
    }
    return Result(frames: settings.frames, molecules: simulation.truth.count, files: files)
  }

  /// A movie of which only some frames could be written.
  private struct Stopped: Error {
    let reason: any Error
    let frames: Int
    let movie: String
  }

  /// Writes truth and settings of a movie that is incomplete.
  private func keep(
    _ stop: Stopped, _ simulation: Simulation, truth: String?, settings path: String
  ) throws {
    var names: [String] = []
    defer {
      let rest = names.isEmpty ? "" : ", with \(names.joined(separator: " and "))"
      observer.note("stopped: \(stop.frames) frames are saved in \(stop.movie)\(rest)")
    }
    var part = settings
    part.frames = stop.frames
    if let truth {
      let whole = simulation.truth
      var table = whole.selecting(whole.frame.indices.filter { whole.frame[$0] < stop.frames })
      table.field.frames = stop.frames
      names.append(try PartialName.of(truth) { try Tables.write(table, to: $0) })
    }
    let text = try JSONEncoder.indented.encode(part)
    names.append(
      try PartialName.of(path) { try StagedFile.write(text, to: $0, overwrite: false) })
  }

  private func writeMovie(_ simulation: Simulation, to path: String) throws {
    let (width, height) = (settings.width, settings.height)
    var pixels = [UInt16](repeating: 0, count: width * height)
    observer.progress(RunProgress(0, of: settings.frames, .frames))
    /// Writes all frames; if that stops, gives those so far a partial name.
    func drawAll(
      _ append: ([UInt16]) throws -> Void, _ rename: (String) throws -> Void,
      _ finish: () throws -> Void
    ) throws {
      var frames = 0
      do {
        while frames < settings.frames {
          try cancellation.check()
          pixels.withUnsafeMutableBufferPointer { simulation.frame(frames, into: $0) }
          try append(pixels)
          frames += 1
          observer.progress(RunProgress(frames, of: settings.frames, .frames))
        }
      } catch {
        guard frames > 0, let name = try? PartialName.of(path, claim: rename),
          (try? finish()) != nil
        else { throw error }
        throw Stopped(reason: error, frames: frames, movie: name)
      }
      try finish()
    }
    switch kind {
    case "dax", "raw":
      let sidecar: RawMovieWriter.Sidecar = kind == "dax" ? .inf : .yaml
      let writer = try RawMovieWriter(
        path: path, width: width, height: height, sidecar: sidecar, overwrite: overwrite)
      try drawAll(writer.append, writer.rename, writer.finish)
    default:
      let bytes = settings.frames * width * height * 2
      let writer = try TIFFMovieWriter(
        path: path, width: width, height: height,
        bigTIFF: kind == "bigtiff" || bytes > 0xE000_0000, pixelSize: settings.pixelSize,
        overwrite: overwrite)
      try drawAll(writer.append, writer.rename, writer.finish)
    }
  }
}
