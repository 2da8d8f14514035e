import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Optics
import Reporting

/// Proposes a recipe for a training on movies like a given one: the work of `glint train --from`.
public struct ProposeJob {
  let movie: any Movie
  let recipe: Recipe
  let maps: CameraMaps?
  let psf: CalibratedPSF?
  let network: String
  let devices: [any Device]
  let observer: any Observer
  let cancellation: Cancellation

  /// - Parameters:
  ///   - movie: what the network is for.
  ///   - recipe: camera, pixel size and planes; its fit is that of several emitters.
  ///   - maps: camera maps of the movie's size.
  ///   - psf: the content of the recipe's PSF file.
  ///   - network: a network, or a model that comes with Glint, which the training then starts from.
  ///   - devices: for the measurement.
  ///   - observer: is told what was measured.
  ///   - cancellation: stops the work when it is triggered.
  public init(
    source movie: any Movie, recipe: Recipe, maps: CameraMaps?, psf: CalibratedPSF?,
    network: String, devices: [any Device], observer: any Observer = Unobserved(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.movie = movie
    self.recipe = recipe
    self.maps = maps
    self.psf = psf
    self.network = network
    self.devices = devices
    self.observer = observer
    self.cancellation = cancellation
  }

  /// The recipe as YAML.
  ///
  /// The PSF's file, if it has a spline, and that of the maps are named in it.
  ///
  /// Throws `SettingsError` for a movie that is too short or too empty, or a network that cannot be
  /// trained.
  public func run() throws -> String {
    guard let pixelSize = recipe.pixelSize else { throw Recipe.pixelSizeIsUnknown }
    let settings = try NetworkText(network)
    let psf = try psf.map(recipe.adjusted)
    let survey = try survey(pixelSize, psf)
    observer.note(
      """
      measured on \(survey.molecules) molecules in \(survey.frames) frames; the recipe's ranges are wider
      """)
    return try text(survey, settings, pixelSize, psf)
  }

  private func survey(_ pixelSize: Double, _ psf: CalibratedPSF?) throws -> MovieSurvey {
    let region = try recipe.readRegion(maps, in: movie.info)
    let maps = try recipe.maps(maps, for: region, in: movie.info)
    guard let emitters = recipe.emitters else {
      throw SettingsError("a recipe is proposed from a fit of several emitters", hint: nil)
    }
    let measurement = EmitterMeasurement(
      movie: movie, recipe: recipe, region: region, maps: maps, psf: psf, devices: devices,
      threads: nil, cancellation: cancellation)
    let (measured, notes) = try measurement.run(emitters)
    for note in notes { observer.note(note) }
    let stage = try EmitterStage(
      measured, camera: recipe.camera, maps: maps, psf: psf, width: region.width,
      height: region.height, pixel: movie.info.pixel)
    let frames = movie.info.frames
    let length = min(MovieSurvey.blockLength, frames)
    let count = min(MovieSurvey.blocks, max(frames / length, 1))
    let blocks = (0..<count).map { index -> Range<Int> in
      let start = count == 1 ? 0 : index * (frames - length) / (count - 1)
      return start..<start + length
    }
    let rows = KeptRows()
    for block in blocks {
      let run = try LocalizeRun(
        movie, stage: stage, frames: block, region: region, devices: devices,
        cancellation: cancellation)
      if try run.run(into: [rows]).interrupted { throw Interrupted() }
    }
    let area = Double(region.width * region.height) * pow(pixelSize / 1000, 2)
    return try MovieSurvey(rows.table, blocks: blocks, area: area, sigma: measured.sigma)
  }

  private func text(
    _ survey: MovieSurvey, _ network: NetworkText, _ pixelSize: Double, _ psf: CalibratedPSF?
  ) throws -> String {
    func number(_ value: Double) -> String { String(format: "%.3g", value) }
    func range(_ values: ClosedRange<Double>, by factor: Double, log: Bool) -> String {
      let words =
        "from: \(number(values.lowerBound / factor)), to: \(number(values.upperBound * factor))"
      return "{\(words)\(log ? ", logarithmic: true" : "")}"
    }
    // Simulated frames are in effective counts, as the network sees them.
    let counts = EffectiveCounts(recipe.camera)
    func inCounts(_ values: ClosedRange<Double>) -> ClosedRange<Double> {
      values.lowerBound / counts.photons...values.upperBound / counts.photons
    }
    let photons = inCounts(survey.photons)
    let image: String
    switch psf {
    case .astigmatic(let psf)?:
      let json = try JSONEncoder().encode(psf)
      image = "{astigmatic: {_0: \(String(decoding: json, as: UTF8.self))}}"
    case .spline?: image = "{file: \(FieldValue.text(recipe.psf?.path ?? "").yaml)}"
    case nil:
      let sigma = survey.sigma ?? 1.3
      image = "{gaussian: {sigma: {from: \(number(0.9 * sigma)), to: \(number(1.1 * sigma))}}}"
    }
    let variance = max(counts.noiseVariance, 0.01)
    let readNoise =
      maps == nil
      ? "readVariance: {from: \(number(0.7 * variance)), to: \(number(1.4 * variance))}"
      : "camera: \(FieldValue.text(recipe.cameraFile ?? "").yaml)"
    let top = number(2.5 * photons.upperBound)
    return """
      # Proposed for \(movie.info.files.first ?? "a movie"): \(survey.molecules) molecules in \
      \(survey.frames) frames were measured, the ranges are wider.
      network: \(network.name)
      settings: \(network.settings(photons: top, isDeep: psf != nil))
      training:
        rate: \(network.starts == nil ? "1e-3" : "3e-4")
        schedule: {cosine: {least: 0.01, warmUp: 200}}
        steps: \(network.starts == nil ? 20_000 : 4000)
        examples:
          pixelSize: \(number(pixelSize))
          # Molecules per µm²; measured \(number(survey.density.lowerBound)) to \
      \(number(survey.density.upperBound)).
          density: \(range(survey.density, by: 2, log: true))
          # Frames that a molecule shines; measured \(number(survey.lifetime)).
          lifetime: \(range(max(survey.lifetime, 0.3)...max(survey.lifetime, 0.3), by: 2, log: true))
          # Photoelectrons in a frame, of an EM register half of them; measured \
      \(number(photons.lowerBound)) to \(number(photons.upperBound)).
          photons: \(range(photons, by: 1.5, log: true))
          psf: \(image)
          background: \(range(inCounts(survey.background), by: 1.5, log: true))
          unevenness: {from: 0, to: 0.2}
          levelError: 0.2
          \(readNoise)
          multiplied: \(recipe.camera.emGain > 1 ? 1 : 0)

      """ + (network.starts.map { "start: \($0)\n" } ?? "")
  }
}

/// The network of a proposed recipe.
private struct NetworkText {
  let name: String
  /// The model that the training starts from.
  let starts: String?

  init(_ wanted: String) throws {
    if let model = ShippedModel.named(wanted) {
      let system = try model.model().system
      (name, starts) = (type(of: system).name, model.name)
      fixed = try system.configuration.settings
    } else {
      let type = try Systems.named(wanted)
      guard type is any TrainableSystem.Type else {
        throw SettingsError("the network \(wanted) cannot be trained", hint: nil)
      }
      guard type.init().inputSize == nil else {
        throw SettingsError("the network \(wanted) does not learn from movies", hint: nil)
      }
      (name, starts, fixed) = (type.name, nil, nil)
    }
  }

  private let fixed: String?

  /// - Parameters:
  ///   - photons: what a result of 1 means.
  ///   - isDeep: whether z is fitted.
  func settings(photons: String, isDeep: Bool) -> String {
    if let fixed { return fixed }
    guard name == DECODE.name else { return "{}" }
    return "{features: 16, stabilised: true, disabled: [\(isDeep ? "" : "3")], "
      + "results: {photons: \(photons), z: 1000, background: 4}}"
  }
}

/// Keeps all rows.
///
/// `@unchecked Sendable`: only the run's thread uses it.
private final class KeptRows: TableWriter, @unchecked Sendable {
  private(set) var table = Localizations()

  func append(_ batch: Localizations) {
    // Shares no storage with the batch, which is refilled on another thread.
    if table.quantities.isEmpty { table = batch.selecting([]) }
    table.append(contentsOf: batch)
  }

  func rename(to path: String) {}
  func finish(_ provenance: [ProvenanceStep]) {}
  func abandon() {}
}
