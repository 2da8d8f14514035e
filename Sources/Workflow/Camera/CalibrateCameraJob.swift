import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Reporting

/// Computes camera maps from dark and bright movies: the work of `glint calibrate camera`.
///
/// Beside the maps it writes the report as JSON and a picture of the maps, with the same base name.
public struct CalibrateCameraJob {
  public static let gain = Setting<Double?>(
    .gain, unit: Camera.gain.facts.unit, standard: nil, allowed: .optional(Camera.gain.allowed),
    "gain of all pixels, instead of bright movies")
  public static let saturation = Setting(
    .saturation, unit: "ADU", standard: 65535.0, allowed: .within(1...1e10),
    "pixel value at saturation")

  let dark: [any Movie]
  let bright: [any Movie]
  let output: String
  let gain: Double?
  let region: PixelRegion?
  let saturation: Double
  let threads: Int
  let overwrite: Bool
  let observer: any Observer
  let cancellation: Cancellation

  /// The results, and the files that were written.
  public struct Result: Sendable {
    public var report: CameraCalibration.Report
    public var files: [String]
    public var bytesRead: Int
    public var seconds: Double
  }

  /// - Parameters:
  ///   - dark: movies of dark frames, which are pooled.
  ///   - bright: movies, each at one level of light.
  ///   - output: path of the maps, in Picasso's HDF5 format.
  ///   - gain: gain of all pixels, ADU/e⁻, if there are no bright movies.
  ///   - region: region of the frames to calibrate; nil for all.
  ///   - saturation: pixel value at saturation, ADU.
  ///   - threads: number of threads; nil for all cores.
  ///   - overwrite: replaces existing files.
  ///   - observer: is told of progress and notes.
  ///   - cancellation: stops the work when it is triggered.
  public init(
    dark: [any Movie], bright: [any Movie], output: String, gain: Double? = nil,
    region: PixelRegion? = nil, saturation: Double = Self.saturation.standard, threads: Int? = nil,
    overwrite: Bool = false, observer: any Observer = Unobserved(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.dark = dark
    self.bright = bright
    self.output = output
    self.gain = gain
    self.region = region
    self.saturation = saturation
    self.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    self.overwrite = overwrite
    self.observer = observer
    self.cancellation = cancellation
  }

  /// Measures and writes. Throws `CameraCalibrationError` for unsuitable frames.
  public func run() throws -> Result { try cancellation.watch(runWatched) }

  private func runWatched() throws -> Result {
    let stem = NSString(string: output).deletingPathExtension
    let (reportPath, picturePath) = (stem + ".json", stem + ".png")
    var names = OutputNames(
      inputs: (dark + bright).flatMap(\.info.files), overwrite: overwrite)
    for path in [output, reportPath, picturePath] { try names.add(path) }
    try check()
    let start = Date()
    let (maps, report) = try measure()
    let seconds = Date().timeIntervalSince(start)

    for movie in dark + bright { try movie.checkUnchanged() }
    try StagedFile.together(telling: observer) {
      try CameraFiles.write(
        maps.values, errors: maps.errors, metadata: try metadata(report), to: output,
        overwrite: overwrite)
      try StagedFile.write(Self.encoder.encode(report), to: reportPath, overwrite: overwrite)
      try CameraPicture(maps.values).picture.writePNG(to: picturePath, overwrite: overwrite)
    }
    return Result(
      report: report, files: [output, reportPath, picturePath],
      bytesRead: (dark + bright).reduce(0) { $0 + $1.info.frames * $1.info.frameBytes },
      seconds: seconds)
  }

  /// Checks that are possible before anything is read.
  private func check() throws {
    try Self.gain.check(gain)
    try Self.saturation.check(saturation)
    guard let first = dark.first else { throw CameraCalibrationError.noFrames }
    for other in (dark + bright).dropFirst()
    where other.info.width != first.info.width || other.info.height != first.info.height {
      throw CameraCalibrationError.filesDiffer(other.info, first.info)
    }
    let frames = dark.reduce(0) { $0 + $1.info.frames }
    guard frames >= CameraCalibration.leastDarkFrames else {
      throw CameraCalibrationError.tooFewFrames(
        kind: "dark", frames: frames, least: CameraCalibration.leastDarkFrames)
    }
    if let short = bright.first(where: { $0.info.frames < CameraCalibration.leastBrightFrames }) {
      throw CameraCalibrationError.tooFewFrames(
        kind: "bright", frames: short.info.frames, least: CameraCalibration.leastBrightFrames)
    }
    if bright.isEmpty, gain == nil { throw CameraCalibrationError.noGain }
    let darkFiles = Set(dark.flatMap(\.info.files))
    if let both = bright.flatMap(\.info.files).first(where: darkFiles.contains) {
      throw SettingsError(
        "\(both) is given both as dark and as bright",
        hint: "give dark movies first, and each bright movie once after \(.bright)")
    }
  }

  private func measure() throws -> (CameraCalibration.Maps, CameraCalibration.Report) {
    let total = (dark + bright).reduce(0) { $0 + $1.info.frames }
    observer.progress(RunProgress(0, of: total, .frames))
    var done = 0
    func moments(_ movies: [any Movie]) throws -> PixelMoments {
      let whole = try PixelMoments(of: movies, threads: threads) { frames in
        try cancellation.check()
        observer.progress(RunProgress(done + frames, of: total, .frames))
      }
      done += whole.frames
      guard let region else { return whole }
      guard let part = whole.cropped(to: region) else {
        throw CameraCalibrationError.regionOutside(
          region, width: whole.width, height: whole.height)
      }
      return part
    }
    var calibration = try CameraCalibration(dark: try moments(dark), saturation: saturation)
    for movie in bright {
      try calibration.add(try moments([movie]), file: movie.info.files.first ?? movie.info.format)
    }
    return try calibration.result(gain: bright.isEmpty ? gain : nil)
  }

  /// The report for the metadata of the maps, with the hot pixels counted instead of listed.
  private func metadata(_ report: CameraCalibration.Report) throws -> String {
    var short = report
    short.hotPixels = Array(report.hotPixels.prefix(1000))
    return String(decoding: try Self.encoder.encode(short), as: UTF8.self)
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder.indented
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return encoder
  }
}
