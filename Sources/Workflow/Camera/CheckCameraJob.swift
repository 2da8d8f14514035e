import Formats
import Foundation
import Microscopy
import Optics
import Reporting

/// Checks camera maps against dark frames that were recorded later: the work of `glint check
/// camera`.
public struct CheckCameraJob {
  let mapsPath: String
  let dark: [any Movie]
  let region: PixelRegion?
  let threads: Int
  let observer: any Observer
  let cancellation: Cancellation

  /// - Parameters:
  ///   - maps: file of the maps to check.
  ///   - dark: movies of dark frames, which are pooled.
  ///   - region: region of the sensor that the frames show, for maps of a larger part; nil to use the
  ///     movie's metadata.
  ///   - threads: number of threads; nil for all cores.
  ///   - observer: is told of progress and notes.
  ///   - cancellation: stops the work when it is triggered.
  public init(
    maps: String, dark: [any Movie], region: PixelRegion? = nil, threads: Int? = nil,
    observer: any Observer = Unobserved(), cancellation: Cancellation = Cancellation()
  ) {
    mapsPath = maps
    self.dark = dark
    self.region = region
    self.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    self.observer = observer
    self.cancellation = cancellation
  }

  /// Throws `CameraFileError` for the maps and `CameraCalibrationError` for the frames.
  public func run() throws -> CameraValidation {
    guard let whole = try CameraFiles.read(mapsPath).maps else {
      throw CameraFileError.unknownKind(
        path: mapsPath, found: "scalars without maps")
    }
    guard let info = dark.first?.info else { throw CameraCalibrationError.noFrames }
    let errors = try CameraFiles.errors(of: mapsPath)
    guard let maps = whole.matching(info, region: region) else {
      throw CameraCalibrationError.otherSensor(
        maps: "\(whole.width)×\(whole.height)", frames: "\(info.width)×\(info.height)")
    }
    let total = dark.reduce(0) { $0 + $1.info.frames }
    observer.progress(RunProgress(0, of: total, .frames))
    let moments = try cancellation.watch {
      try PixelMoments(of: dark, threads: threads) { frames in
        try cancellation.check()
        observer.progress(RunProgress(frames, of: total, .frames))
      }
    }
    for movie in dark { try movie.checkUnchanged() }
    return try CameraValidation(
      of: maps, errors: errors?.matching(info, region: region), by: moments)
  }
}

extension CameraMaps {
  /// The maps for a movie's frames: unchanged if the sizes agree, otherwise cropped to the recorded
  /// region, as given or as stated by the movie. nil if neither matches.
  func matching(_ info: MovieInfo, region: PixelRegion?) -> CameraMaps? {
    if let region {
      guard region.width == info.width, region.height == info.height else { return nil }
      return cropped(to: region)
    }
    if width == info.width, height == info.height { return self }
    return info.sensorRegion.flatMap { cropped(to: $0) }
  }
}
