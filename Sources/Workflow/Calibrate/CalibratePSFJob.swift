import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Reporting

/// Calibrates a PSF from stacks of beads and writes a report: the work of `glint calibrate psf`.
public struct CalibratePSFJob {
  /// What moves up from plane to plane during the recording.
  public enum Scan: String, Codable, SettingChoice {
    /// The objective and its focal plane: the height of a molecule above it decreases.
    case objective
    /// The sample: the height of a molecule increases.
    case sample
  }

  public enum Model: String, Codable, SettingChoice {
    case astigmatic
    case spline
  }

  public static let scan = Setting(
    .scan, standard: Scan.objective, "what moves between planes")
  public static let model = Setting<Model?>(
    .model, standard: nil, "PSF model; by default the output's extension decides")
  public static let planes = Setting<Int?>(
    .planes, standard: nil, allowed: .optional(.within(1...1_000_000)),
    "planes per stack, if a movie holds several stacks one after the other")

  let movies: [any Movie]
  let names: [String]
  let output: String
  let json: String?
  let picture: String?
  let settings: PSFCalibrationSettings
  let model: Model
  let scan: Scan
  /// The z step that would turn z the other way, nm.
  let turnedStep: Double
  let planes: Int?
  let camera: Camera?
  let maps: CameraMaps?
  let chosen: [PlaneAxis: PlaneChoice]
  let overwrite: Bool
  let observer: any Observer
  let cancellation: Cancellation
  /// Where the pixel size comes from, and whether the movie contradicts it.
  public let notes: [Message]

  /// - Parameters:
  ///   - movies: the stacks of beads.
  ///   - names: a name for each movie, for messages and the report.
  ///   - output: file of the PSF; the extension selects the format.
  ///   - json: file of the report.
  ///   - picture: file of the report's picture.
  ///   - zStep: distance between planes, nm; negative if the scan goes down.
  ///   - pixelSize: pixel size in the sample, nm.
  ///   - roi: side of the square that is cut around a bead, px; nil for one that grows until it
  ///     holds the light.
  ///   - model: nil to choose by the output's extension.
  ///   - scan: what moves up from plane to plane.
  ///   - heightError: the largest error of the beads' heights in the trusted range, nm.
  ///   - origin: the height that is called z = 0.
  ///   - indexFactor: factor on heights for the mismatch of refractive indices.
  ///   - planes: planes per stack, if a movie holds several stacks one after the other.
  ///   - camera: nil to use counts without conversion to photons.
  ///   - maps: camera maps; they replace the camera's offset, gain and read noise.
  ///   - chosen: the planes that were chosen when the movies were opened, for the provenance.
  ///   - overwrite: replaces existing files.
  ///   - observer: is told of notes.
  ///   - cancellation: stops the work when it is triggered.
  /// - Throws: `SettingsError`, `OutputError` and `CalibrationFileError`, before any work.
  public init(
    movies: [any Movie], names: [String], output: String, json: String?, picture: String?,
    zStep: Double?, pixelSize: Double?, roi: Int?, model: Model?, scan: Scan,
    heightError: Double = PSFCalibrationSettings.heightError.standard,
    origin: PSFCalibrationSettings.Origin, indexFactor: Double, planes: Int?, camera: Camera?,
    maps: CameraMaps?, chosen: [PlaneAxis: PlaneChoice] = [:], overwrite: Bool,
    observer: any Observer = Unobserved(), cancellation: Cancellation = Cancellation()
  ) throws {
    guard let zStep else {
      throw SettingsError(
        "the z step of the bead stack is not given",
        hint:
          "give the distance between planes with \(.zStep), in nm (negative if the scan went down)"
      )
    }
    try ZStack.step.check(zStep)
    let stated = movies.lazy.compactMap(\.info.pixelSize).first
    try PSFCalibrationSettings.pixelSize.check(pixelSize)
    guard let pixelSize = pixelSize ?? stated else { throw Recipe.pixelSizeIsUnknown }
    notes = [
      stated == pixelSize ? "pixel size \(pixelSize.field.words) nm, chosen by the movie" : nil,
      Recipe.doubt(pixelSize, movie: stated),
    ].compactMap { $0 }
    settings = PSFCalibrationSettings(
      zStep: abs(zStep), roi: roi ?? Self.usualBox(movies.map(\.info), pixelSize: pixelSize),
      roiLimit: roi == nil ? PSFCalibrator.widestBox : nil, pixelSize: pixelSize,
      heightError: heightError, origin: origin, indexFactor: indexFactor)
    try settings.check()
    try Self.planes.check(planes)
    turnedStep = -zStep
    // Moving the objective up lowers the molecules relative to the focal plane, and so does moving
    // the sample down.
    self.scan = (scan == .sample) == (zStep > 0) ? .sample : .objective
    let asked: Model = try CalibrationFiles.kind(of: output) == .picassoYAML ? .astigmatic : .spline
    guard model == nil || model == asked else {
      throw SettingsError(
        "\(output) holds only the \(asked.rawValue) model, not \(.model) \(model?.rawValue ?? "")",
        hint: "astigmatic PSFs go into .yaml, spline PSFs into .hdf5 (or .h5 for SMAPpy)")
    }
    if let picture, !picture.lowercased().hasSuffix(".png") {
      throw SettingsError(
        "\(picture) is not a .png", hint: "the report is a picture: \(.report) x.png")
    }
    self.model = asked
    self.movies = movies
    self.names = names
    self.output = output
    self.json = json
    self.picture = picture
    self.planes = planes
    self.camera = camera
    self.maps = maps
    self.chosen = chosen
    self.overwrite = overwrite
    self.observer = observer
    self.cancellation = cancellation
    var taken = OutputNames(inputs: names, overwrite: overwrite)
    for path in [output, json, picture].compactMap({ $0 }) { try taken.add(path) }
  }

  /// About 2.7 µm, which contain most PSFs, or as much as the smallest image holds.
  private static func usualBox(_ movies: [MovieInfo], pixelSize: Double) -> Int {
    let room = movies.map { min($0.width, $0.height) - 2 * BeadFinder.margin }.min() ?? 13
    let usual = min(max(Int(2700 / pixelSize / 2) * 2 + 1, 13), 41)
    return max(min(usual, (room - 1) / 2 * 2 + 1), 9)
  }

  public func run() throws -> CalibrationReport {
    let stacks = try zip(movies, names).flatMap { try self.stacks(of: $0, name: $1) }
    let calibration = try PSFCalibrator(settings).calibrate(stacks)
    let report = CalibrationReport(
      calibration, stacks: stacks.map(\.name), model: model, scan: scan, turnedStep: turnedStep,
      inPhotons: camera != nil || maps != nil)
    let psf: CalibratedPSF
    switch model {
    case .spline: psf = .spline(calibration.spline)
    case .astigmatic:
      guard let astigmatic = calibration.astigmatic else {
        throw SettingsError(
          "the widths of these beads do not follow an astigmatic curve",
          hint: "a spline fits any shape: write to psf.hdf5")
      }
      psf = .astigmatic(astigmatic)
    }
    let step = ProvenanceStep(
      program: "Glint", version: glintVersion, action: "calibrate psf",
      settings: [
        "beads": names.joined(separator: ", "), "z_step": "\(settings.zStep)",
        "scan": scan.rawValue, "roi": "\(calibration.settings.roi)",
        "z_error": "\(settings.heightError)",
        "origin": settings.origin.rawValue,
        "beads_used": "\(calibration.used)",
      ].merging(chosen.map { ($0.key.rawValue, $0.value.field.words) }) { $1 })
    for movie in movies { try movie.checkUnchanged() }
    // A signal waits until the files are written.
    try cancellation.watch {
      try StagedFile.together(telling: observer) {
        try CalibrationFiles.write(psf, to: output, provenance: [step], overwrite: overwrite)
        if let json { try StagedFile.write(report.json(), to: json, overwrite: overwrite) }
        if let picture {
          try CalibrationFigure(calibration, model: model).picture
            .writePNG(to: picture, overwrite: overwrite)
        }
      }
    }
    return report
  }

  /// A movie as one stack, or as several stacks of `planes` planes.
  private func stacks(of movie: any Movie, name: String) throws -> [BeadStack] {
    let info = movie.info
    let planes = planes ?? info.frames
    guard info.frames % planes == 0 else {
      throw SettingsError(
        "\(name) has \(info.frames) frames, which is not a multiple of \(planes) planes",
        hint: "\(.planes) is the number of planes of one stack")
    }
    if let maps, maps.width != info.width || maps.height != info.height {
      throw SettingsError(
        "the camera maps have \(maps.width)×\(maps.height) px, \(name) has \(info.width)×\(info.height)",
        hint: "use maps of the same part of the sensor")
    }
    let size = info.width * info.height
    guard size * info.frames < 1 << 30 else {
      throw SettingsError(
        "\(name) has \(info.frames) frames of \(info.width)×\(info.height) px, too many for beads",
        hint: "cut out the part of the field that holds the beads")
    }
    let stacks = try stride(from: 0, to: info.frames, by: planes).map { first in
      var pixels = [Float](repeating: 0, count: size * planes)
      let bytes = UnsafeMutableRawBufferPointer.allocate(
        byteCount: info.frameBytes, alignment: 64)
      defer { bytes.deallocate() }
      for k in 0..<planes {
        try cancellation.check()
        try movie.read(first + k..<first + k + 1, into: bytes)
        switch info.pixel {
        case .uint16:
          let frame = bytes.bindMemory(to: UInt16.self)
          for i in 0..<size { pixels[k * size + i] = photons(Float(frame[i]), i) }
        case .float32:
          let frame = bytes.bindMemory(to: Float.self)
          for i in 0..<size { pixels[k * size + i] = photons(frame[i], i) }
        }
      }
      let part = info.frames > planes ? " (stack \(first / planes + 1))" : ""
      let stack = BeadStack(
        name: (name as NSString).lastPathComponent + part, width: info.width, height: info.height,
        planes: planes, pixels: pixels)
      return scan == .objective ? stack.planesReversed : stack
    }
    if self.planes == nil, let stack = stacks.first, let scans = RepeatedScan(stack) {
      let rest = scans.rest == 0 ? "" : ", and \(scans.rest) more"
      throw SettingsError(
        "\(name) seems to hold \(scans.stacks) stacks one after the other: its \(info.frames) "
          + "planes look alike every \(scans.planes) planes\(rest)",
        hint: "give the planes of one stack with \(.planes) \(scans.planes); for a single stack "
          + "\(.planes) \(info.frames)")
    }
    return stacks
  }

  private func photons(_ value: Float, _ pixel: Int) -> Float {
    guard camera != nil || maps != nil else { return value }
    return (camera ?? Camera()).photons(value, at: pixel, maps)
  }
}
