import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Optics
import Reporting

/// A complete localization with checks, outputs, run and report: the work of `glint localize`.
public struct LocalizeJob {
  let movie: any Movie
  public private(set) var recipe: Recipe
  let maps: CameraMaps?
  let psf: CalibratedPSF?
  let devices: [any Device]
  let threads: Int?
  let outputs: [String]
  let columns: Tables.Columns
  let reportPath: String?
  let overwrite: Bool
  let resumes: Bool
  let inputs: [String]
  let batch: Int?
  let choices: [Message]
  let acceptsCamera: Bool
  let observer: any Observer
  let cancellation: Cancellation

  /// - Parameters:
  ///   - movie: the movie to localize.
  ///   - recipe: the settings.
  ///   - maps: camera maps of the size of the movie's frame, or of its region of interest.
  ///   - psf: the content of the recipe's PSF file.
  ///   - devices: the devices to use in parallel; rows do not depend on them.
  ///   - threads: number of threads of the CPU that takes over if a device fails.
  ///   - outputs: table files; the extension selects the format.
  ///   - columns: which columns the tables get.
  ///   - report: a JSON file for the report of the run.
  ///   - overwrite: replaces existing files.
  ///   - resumes: goes on with an interrupted run of the same outputs.
  ///   - inputs: files that determined the settings, which no output may replace.
  ///   - batch: frames per batch; nil lets the run choose.
  ///   - choices: settings that files chose, to be told with the notes of the run.
  ///   - acceptsCamera: whether to go on if the movie's noise contradicts the camera threefold;
  ///     otherwise this is an error, unless the camera has the default offset and gain.
  ///   - observer: is told of progress and notes.
  ///   - cancellation: stops the work when it is triggered.
  public init(
    source movie: any Movie, recipe: Recipe, maps: CameraMaps?, psf: CalibratedPSF? = nil,
    devices: [any Device], threads: Int? = nil, outputs: [String],
    columns: Tables.Columns = .all, report: String? = nil, overwrite: Bool = false,
    resumes: Bool = false, inputs: [String] = [], batch: Int? = nil, choices: [Message] = [],
    acceptsCamera: Bool = false,
    observer: any Observer = Unobserved(), cancellation: Cancellation = Cancellation()
  ) {
    self.movie = movie
    self.recipe = recipe
    self.maps = maps
    self.psf = psf
    self.devices = devices
    self.threads = threads
    self.outputs = outputs
    self.columns = columns
    reportPath = report
    self.overwrite = overwrite
    self.resumes = resumes
    self.inputs = inputs
    self.batch = batch
    self.choices = choices
    self.acceptsCamera = acceptsCamera
    self.observer = observer
    self.cancellation = cancellation
  }

  /// Runs the localization. Outputs appear under their names only when they are complete; after an
  /// interruption or a failure the complete frames are kept under a name with `.partial` in it, and
  /// in a journal from which a resumed run goes on.
  ///
  /// Throws `SettingsError` for a recipe without a pixel size, and the errors of all parts.
  public func run() throws -> LocalizeReport {
    try cancellation.watch {
      try recipe.check()
      var job = self
      let model = try recipe.model()
      job.recipe = try recipe.resolved(model)
      let notes = try job.measure(model)
      return try job.runResolved(model, measured: notes)
    }
  }

  /// Measures on the movie what the recipe leaves open, and writes it into the recipe.
  private mutating func measure(_ model: Model?) throws -> [Message] {
    let region = try recipe.readRegion(maps, in: movie.info)
    let maps = try recipe.maps(maps, for: region, in: movie.info)
    switch recipe.localizer {
    case .spots: return []
    case .emitters(let settings):
      guard settings.measured.frames == nil else { return [] }
      let measurement = EmitterMeasurement(
        movie: movie, recipe: recipe, region: region, maps: maps,
        psf: try psf.map(recipe.adjusted), devices: devices, threads: threads,
        cancellation: cancellation)
      let (measured, notes) = try measurement.run(settings)
      recipe.localizer = .emitters(measured)
      return notes
    case .network(let settings):
      guard let model else { return [] }
      let measurement = NetworkMeasurement(
        movie: movie, recipe: recipe, region: region, maps: maps, devices: devices,
        cancellation: cancellation)
      let (measured, notes) = try measurement.run(settings, model)
      recipe.localizer = .network(measured)
      return notes
    }
  }

  private func runResolved(_ model: Model?, measured: [Message]) throws -> LocalizeReport {
    let info = movie.info
    let region = try recipe.readRegion(maps, in: info)
    let frames = try recipe.frames(in: info)
    guard recipe.pixelSize != nil else { throw Recipe.pixelSizeIsUnknown }
    for path in outputs { _ = try Tables.files(of: path) }
    let stage = try recipe.stage(maps, psf: psf, model: model, for: region, in: info)
    let journal = try outputs.first.map {
      try Journal(of: $0, head: journalHead(), resuming: resumes, observer: observer)
    }
    // An interrupted run that gave some outputs their names is resumed over them.
    let overwrite = overwrite || journal?.isClosing == true
    try checkNames(overwrite)
    let run = try LocalizeRun(
      movie, stage: stage, frames: frames, finished: min(journal?.done ?? 0, frames.count),
      region: region, devices: devices, threads: threads, batch: batch, observer: observer,
      cancellation: cancellation)
    let facts = info.notes + (info.cutOff.map { ["\($0.file): \($0.what)"] } ?? [])
    let notes =
      facts.map { Message($0) } + choices + measured + stage.notes
      + [try meaningOfZ().map { Message($0) }].compactMap { $0 }
    let doubt = stage.usesCamera ? try cameraDoubt(frames, region) : nil
    // Claims the name of the report before the work starts.
    let reportFile = try reportPath.map { try StagedFile(path: $0, overwrite: overwrite) }
    let writers = try openWriters(run.quantities, overwrite)
    for line in notes { observer.note(line) }
    if let doubt { observer.note("warning: \(doubt.explanation)") }
    let work = RecordedWork(journal: journal, observer: observer) {
      "at frame \(frames.lowerBound + $0)"
    }
    return try work.run {
      var report: LocalizeReport
      do {
        report = try run.run(into: writers, journal: journal)
        if !report.interrupted { try movie.checkUnchanged() }
      } catch {
        keep(writers, safe: run.framesSafe, of: frames, device: run.deviceName)
        throw error
      }
      report.recipe = recipe
      let trust = report.trust?.remarks ?? []
      for line in trust { observer.note(line) }
      report.notes =
        notes.map(\.description) + (doubt.map { ["\($0)"] } ?? []) + report.notes
        + trust.map(\.description)
      if report.interrupted {
        keep(writers, safe: run.framesSafe, of: frames, device: run.deviceName)
      } else {
        journal?.markClosing()
        try finish(writers, [provenance(report.device)])
      }
      try reportFile?.commit(report: report.json(), partial: report.interrupted)
      return (report, report.interrupted)
    }
  }

  /// What determines the rows: a run is resumed only if nothing of it changed.
  private func journalHead() -> [String: String] {
    [
      "program": "Glint \(glintVersion)", "recipe": recipe.yaml(),
      "movie": fileMarks(movie.info.files), "camera file": fileMarks(recipe.files),
    ]
  }

  /// Completes all tables; one that fails does not keep the others from being complete.
  private func finish(_ writers: [any TableWriter], _ provenance: [ProvenanceStep]) throws {
    var failure: (any Error)?
    for writer in writers {
      do { try writer.finish(provenance) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  /// A contradiction between the movie's noise and the camera.
  ///
  /// Throws `SettingsError` if it is gross, the camera was stated, and it is not accepted.
  private func cameraDoubt(
    _ frames: Range<Int>, _ region: PixelRegion
  ) throws -> NoiseCheck.Warning? {
    let maps = try recipe.maps(maps, for: region, in: movie.info)
    let camera = recipe.camera
    guard
      let doubt = CameraWarning.of(
        movie, frames: frames, region: region, camera: camera, maps: maps)
    else { return nil }
    // Fits of all molecules have explained what is more than the camera's noise.
    if doubt.isExcess, recipe.emitters?.measured.noiseFactor == 1 { return nil }
    let isStated = maps != nil || camera.offset != 0 || camera.gain != 1 || camera.emGain != 1
    guard doubt.isGross, isStated, !acceptsCamera else { return doubt }
    throw SettingsError(
      doubt.message,
      hint: (doubt.remedy.map { $0 + ". " } ?? "")
        + "Photons and errors would be wrong; \(.acceptCamera) runs all the same")
  }

  /// Checks all output names before any work.
  private func checkNames(_ overwrite: Bool) throws {
    let files = movie.info.files
    let sidecars = files.flatMap { file in
      ["yaml", "inf"].map {
        URL(fileURLWithPath: file).deletingPathExtension().appendingPathExtension($0).path
      }
    }
    var names = OutputNames(inputs: files + sidecars + recipe.files + inputs, overwrite: overwrite)
    for path in outputs { try names.add(table: path) }
    if let reportPath { try names.add(reportPath) }
  }

  private func openWriters(
    _ quantities: [Quantity], _ overwrite: Bool
  ) throws -> [any TableWriter] {
    let info = movie.info
    let field = FieldOfView(
      width: info.width, height: info.height, frames: info.frames, pixelSize: recipe.pixelSize)
    var writers: [any TableWriter] = []
    do {
      for path in outputs {
        writers.append(
          try Tables.writer(
            path: path, field: field, quantities: quantities, columns: columns,
            overwrite: overwrite))
      }
    } catch {
      for writer in writers { writer.abandon() }
      throw error
    }
    return writers
  }

  /// Saves the complete part under a partial name, and reports the frames in each file.
  private func keep(
    _ writers: [any TableWriter], safe: [Int], of frames: Range<Int>, device: String
  ) {
    guard safe.contains(where: { $0 > 0 }) else {
      for writer in writers { writer.abandon() }
      observer.note("stopped before a frame was complete; nothing was saved")
      return
    }
    for (index, writer) in writers.enumerated() {
      guard safe[index] > 0 else {
        writer.abandon()
        observer.note("stopped: no frame of \(outputs[index]) was complete")
        continue
      }
      let range = "\(frames.lowerBound)..<\(frames.lowerBound + safe[index])"
      do {
        let partial = try PartialName.of(outputs[index]) { try writer.rename(to: $0) }
        try writer.finish([provenance(device, frames: range)])
        observer.note("stopped: frames \(range) are saved in \(partial)")
      } catch {
        writer.abandon()
        observer.note("stopped: no part of \(outputs[index]) could be saved: \(error)")
      }
    }
  }

  /// - Parameter frames: the frames in the table, if these are not all requested frames.
  private func provenance(_ device: String, frames: String? = nil) throws -> ProvenanceStep {
    var step = ProvenanceStep(
      program: "Glint", version: glintVersion, action: "localize", device: device,
      settings: [
        "recipe": recipe.yaml(), "movie": movie.info.files.first ?? movie.info.format,
      ].merging(settingsForOthers) { $1 })
    step.settings["z"] = try meaningOfZ()
    step.settings["stopped"] = frames.map { "only frames \($0)" }
    return step
  }

  /// Sign, origin and scale of z, and its source; nil without z.
  private func meaningOfZ() throws -> String? {
    guard let psf, let axial = recipe.axial else { return nil }
    return "\(try recipe.adjusted(psf).axial.summary); \(axial.rawValue)"
  }

  /// Fields of the recipe that other programs look for by name; the formats translate the names.
  private var settingsForOthers: [String: String] {
    var settings = [
      "File": movie.info.files.first ?? "", "Data Type": movie.info.pixel.rawValue,
      "Camera": recipe.cameraFile ?? "scalars",
    ]
    settings["Byte Order"] = movie.info.byteOrder?.rawValue
    if let network = recipe.network {
      settings["network"] = network.name
      settings["weights"] = network.weights.isEmpty ? "that of Glint" : network.weights
      return settings
    }
    if recipe.emitters != nil {
      settings["fit"] = "mle, several emitters"
      return settings
    }
    settings.merge([
      "box": "\(recipe.fit.box)", "max-iterations": "\(recipe.fit.maxIterations)",
      "fit": recipe.fit.gaussian.map { "\($0.estimator.rawValue), \($0.widths.rawValue) sigma" }
        ?? "mle, calibrated PSF",
      "tolerance": "\(recipe.fit.tolerance)", "offset": "\(recipe.camera.offset)",
      "qe": "\(recipe.camera.quantumEfficiency)",
    ]) { $1 }
    if recipe.detection.detector.kind == .gradient {
      settings["min-net-gradient"] = "\(recipe.detection.threshold)"
    }
    return settings
  }
}

extension StagedFile {
  /// Writes the report of a run under its name, or under a partial one.
  func commit(report: Data, partial: Bool) throws {
    try write(report)
    if partial { _ = try PartialName.of(path) { try rename(to: $0) } }
    try commit()
  }
}
