import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Reporting

/// Writes the output of a network for a movie, images as TIFF or classes as a table: the work of
/// `glint infer`.
public struct InferJob {
  let movie: any Movie
  public let recipe: Recipe
  let maps: CameraMaps?
  let devices: [any Device]
  let threads: Int?
  let output: String
  /// A table whose rows give the positions of crops, and the offset of the crops' centres.
  let crops: Crops?
  /// Name of the network output; nil for the first.
  let result: String?
  /// Whether to write one image, the sum over all frames.
  let sum: Bool
  let reportPath: String?
  private(set) var overwrite: Bool
  let resumes: Bool
  let inputs: [String]
  let observer: any Observer
  let cancellation: Cancellation

  /// The positions of crops in a movie.
  public struct Crops: Sendable {
    public var table: Localizations
    public var path: String
    /// Offset from a row's position to the crop's centre, px.
    public var shift: (x: Double, y: Double)

    public init(_ table: Localizations, path: String, shift: (x: Double, y: Double)) {
      self.table = table
      self.path = path
      self.shift = shift
    }
  }

  /// - Parameters:
  ///   - movie: the movie.
  ///   - recipe: the settings, with a network.
  ///   - maps: camera maps of the size of the movie's frame, or of its region of interest.
  ///   - devices: the devices to use in parallel.
  ///   - threads: number of threads of the CPU that takes over if a device fails.
  ///   - output: .tif for images; a table for classes.
  ///   - crops: the positions of crops; nil if frames are taken whole.
  ///   - result: the name of the network's output; nil for the first.
  ///   - sum: whether to write one image, the sum over all frames.
  ///   - report: a JSON file for the report of the run.
  ///   - overwrite: replaces existing files.
  ///   - resumes: goes on with an interrupted run of the same output.
  ///   - inputs: files that determined the settings, which no output may replace.
  ///   - observer: is told of progress and notes.
  ///   - cancellation: stops the work when it is triggered.
  public init(
    source movie: any Movie, recipe: Recipe, maps: CameraMaps?, devices: [any Device],
    threads: Int? = nil, output: String, crops: Crops? = nil, result: String? = nil,
    sum: Bool = false, report: String? = nil, overwrite: Bool = false,
    resumes: Bool = false, inputs: [String] = [],
    observer: any Observer = Unobserved(), cancellation: Cancellation = Cancellation()
  ) {
    self.movie = movie
    self.recipe = recipe
    self.maps = maps
    self.devices = devices
    self.threads = threads
    self.output = output
    self.crops = crops
    self.result = result
    self.sum = sum
    reportPath = report
    self.overwrite = overwrite
    self.resumes = resumes
    self.inputs = inputs
    self.observer = observer
    self.cancellation = cancellation
  }

  /// Runs the network. The output appears under its name only when it is complete; after an
  /// interruption the complete part is kept under a name with `.partial` in it.
  public func run() throws -> InferReport { try cancellation.watch(runWatched) }

  private func runWatched() throws -> InferReport {
    try recipe.check()
    guard var model = try recipe.model() else {
      throw SettingsError(
        "no network is given", hint: "give \(.network), or weights that state it with \(.weights)")
    }
    try model.system.checkReadiness()
    var resolved = try recipe.resolved(model)
    let notes = try measure(&resolved, &model)
    let network = type(of: model.system).name
    if let result, !model.network.outputs.contains(where: { $0.name == result }) {
      throw SettingsError(
        "\(network) has no output `\(result)`",
        hint: "it has \(model.network.outputs.map(\.name).joined(separator: ", "))")
    }
    let isTable = !model.system.task.givesImages
    if isTable, sum {
      throw SettingsError(
        "\(network) outputs classes, which cannot be summed", hint: "omit \(.sum)")
    }
    let journal = try Journal(
      of: output, head: journalHead(resolved), keeps: sum ? .last : .all, resuming: resumes,
      observer: observer)
    // An interrupted run that gave some outputs their names is resumed over them.
    var job = self
    job.overwrite = overwrite || journal.isClosing
    try job.checkNames(isTable: isTable, network: network)
    for line in notes { observer.note(line) }
    return try job.run(model, resolved, isTable: isTable, journal)
  }

  /// Measures the background of the movie for a network that divides frames by their noise.
  private func measure(_ recipe: inout Recipe, _ model: inout Model) throws -> [Message] {
    guard let settings = recipe.network else { return [] }
    let region = try recipe.region(in: movie.info)
    let maps = try recipe.maps(maps, for: region, in: movie.info)
    let measurement = NetworkMeasurement(
      movie: movie, recipe: recipe, region: region, maps: maps, devices: devices,
      cancellation: cancellation)
    let (measured, notes) = try measurement.run(settings, model)
    recipe.network = measured
    model = try model.seeing(recipe.camera, maps, level: measured.level)
    return notes
  }

  private func run(
    _ model: Model, _ recipe: Recipe, isTable: Bool, _ journal: Journal
  ) throws -> InferReport {
    for line in movie.info.notes { observer.note(Message(line)) }
    let reportFile = try reportPath.map { try StagedFile(path: $0, overwrite: overwrite) }
    let work = RecordedWork(journal: journal, observer: observer) { "after \($0) of its items" }
    return try work.run {
      let start = SteadyClock.seconds
      var report =
        isTable
        ? try classify(model, recipe, journal)
        : sum ? try addImages(model, recipe, journal) : try writeImages(model, recipe, journal)
      report.seconds = SteadyClock.seconds - start
      report.framesPerSecond = Double(report.frames) / max(report.seconds, 1e-9)
      report.peakMemoryBytes = peakResidentBytes()
      report.recipe = recipe
      report.notes = movie.info.notes + report.notes
      try reportFile?.commit(report: report.json(), partial: report.interrupted)
      return (report, report.interrupted)
    }
  }

  /// What determines the output: a run is resumed only if nothing of it changed.
  private func journalHead(_ recipe: Recipe) -> [String: String] {
    [
      "program": "Glint \(glintVersion)", "recipe": recipe.yaml(),
      "movie": fileMarks(movie.info.files), "files": fileMarks(recipe.files),
      "table": fileMarks(crops.map { [$0.path] } ?? []), "result": result ?? "", "sum": "\(sum)",
      "shift": crops.map { "\($0.shift.x), \($0.shift.y)" } ?? "",
    ]
  }

  private func checkNames(isTable: Bool, network: String) throws {
    var names = OutputNames(
      inputs: movie.info.files + recipe.files + (crops.map { [$0.path] } ?? []) + inputs,
      overwrite: overwrite)
    let kind = URL(fileURLWithPath: output).pathExtension.lowercased()
    switch (isTable, crops == nil) {
    case (true, false): try names.add(table: output)
    case (true, true):
      guard kind == "csv" else {
        throw SettingsError(
          "\(output) cannot hold classes of a stack of crops", hint: "choose a .csv file")
      }
      try names.add(table: output)
    case (false, _):
      guard kind == "tif" || kind == "tiff" else {
        throw SettingsError("\(output) cannot hold images", hint: "choose a .tif file")
      }
      guard crops == nil else {
        throw SettingsError(
          "\(network) takes whole frames, not crops", hint: "omit \(.table)")
      }
      try names.add(output)
    }
    if let reportPath { try names.add(reportPath) }
  }

  /// A run of the network.
  ///
  /// - Parameter items: the maximum number of frames or crops.
  func run(_ stage: ImageStage, items: Int, _ unit: RunProgress.Unit) throws -> Run<ImageBatch> {
    // Images can take as much memory as everything else, so no image waits while the next is
    // computed.
    try Run(
      stage, on: devices, spare: CPUDevice(threads: threads), items: items, ahead: 0, unit: unit,
      observer: observer, cancellation: cancellation)
  }

  /// The provenance step of an output.
  ///
  /// - Parameters:
  ///   - recipe: the resolved recipe.
  ///   - device: a description of the device.
  ///   - frames: the frames in the output, if these are not all requested frames.
  func provenance(
    _ recipe: Recipe, device: String, frames: String? = nil
  ) throws -> ProvenanceStep {
    var settings = [
      "recipe": recipe.yaml(), "movie": movie.info.files.first ?? movie.info.format,
    ]
    settings["result"] = result
    settings["sum"] = sum ? "of all frames, negative values as 0" : nil
    settings["stopped"] = frames.map { "only \($0)" }
    return ProvenanceStep(
      program: "Glint", version: glintVersion, action: "infer", device: device,
      settings: settings)
  }
}
