import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Reporting
import TestConditions
import TestSupport
import Testing
import Workflow

/// Molecules whose image has two lobes: one row each, with z from the lobes' angle.
@Suite struct DoubleHelixTests {
  private static let camera = Camera(offset: 100, gain: 2, readNoise: 1)

  private static func simulation(
    _ lobes: RotatingLobes, camera: Camera = camera, spacing: Double = 2000
  ) throws -> Simulation {
    try Simulation(
      SimulationSettings(
        width: 100, height: 80, frames: 12, scene: .grid(spacing: spacing, jitter: 150),
        blinking: .independent(perFrame: 6), photons: .fixed(photons: 2000),
        background: .flat(level: 5), camera: camera, depthPSF: .lobes(lobes), zRange: -450...450))
  }

  private static func recipe(_ psf: CalibratedPSF, camera: Camera = camera) -> Recipe {
    var recipe = Recipe()
    recipe.camera = camera
    recipe.fit.box = FitSettings.usualBox(psf)
    recipe.fit.spot = .psf(PSFFile("psf.hdf5"))
    if let detector = Detector.usual(for: psf, box: recipe.fit.box) {
      recipe.detection.detector = detector
    }
    return recipe
  }

  private static func localize(
    _ movie: any Movie, _ recipe: Recipe, _ psf: CalibratedPSF, maps: CameraMaps? = nil,
    on device: any Device = CPUDevice(threads: 2), batch: Int? = nil
  ) throws -> Outcome {
    let info = movie.info
    let region = PixelRegion(x: 0, y: 0, width: info.width, height: info.height)
    let run = try LocalizeRun(
      movie, stage: try recipe.stage(maps, psf: psf, for: region, in: info),
      frames: 0..<info.frames, region: region, devices: [device], threads: 2, batch: batch)
    let rows = RowCollector()
    let report = try run.run(into: [rows])
    var table = rows.table
    table.field.pixelSize = 100
    return Outcome(table: table, report: report, notes: [])
  }

  private static func score(_ table: Localizations, _ truth: Localizations) throws -> Score {
    var settings = ScoreSettings()
    settings.border = 900
    return try Score(of: table, against: truth, settings: settings, bound: nil)
  }

  @Test func oneRowForEachMolecule() throws {
    let movie = try Self.simulation(RotatingLobes(sigma: 1.1))
    let psf = try #require(try movie.calibration)
    let recipe = Self.recipe(psf)
    #expect(recipe.detection.detector == .psf(threshold: 5, radius: 2))
    let found = try Self.score(try Self.localize(movie, recipe, psf).table, movie.truth)
    #expect(found.recall > 0.97 && found.precision > 0.97, "\(found)")
    #expect(try #require(found.z).rmse < 25)
    #expect(abs(try #require(found.zRelation).scale - 1) < 0.02)
    let ratio = try #require(found.zErrorRatio)
    #expect(0.8...1.25 ~= ratio.spread, "\(ratio)")
    // The control: a filter for round spots finds every lobe, and fits of both end at one place.
    var lobeByLobe = recipe
    lobeByLobe.detection = DetectionSettings()
    let twice = try Self.localize(movie, lobeByLobe, psf)
    #expect(twice.report.dropped["duplicates", default: 0] > movie.truth.count / 2)
    #expect(try Self.score(twice.table, movie.truth).precision > 0.9)
  }

  @Test func emGainAndUnevenSensorsAreKnownToTheFilter() throws {
    let multiplying = Camera(
      offset: 100, gain: 0.02, emGain: 300, quantumEfficiency: 0.9, readNoise: 74)
    let movie = try Self.simulation(RotatingLobes(sigma: 1.1), camera: multiplying)
    let psf = try #require(try movie.calibration)
    let found = try Self.score(
      try Self.localize(movie, Self.recipe(psf, camera: multiplying), psf).table, movie.truth)
    #expect(found.recall > 0.95 && found.precision > 0.95, "\(found)")
    let ratio = try #require(found.zErrorRatio)
    #expect(0.8...1.25 ~= ratio.spread, "\(ratio)")
    // One pixel in fifty with a hundred times the variance; no light at all.
    var random = RandomStream(seed: 9)
    var maps = CameraMaps(
      width: 100, height: 80, offset: Array(repeating: 100, count: 8000),
      variance: (0..<8000).map { _ in random.uniform() < 0.02 ? 900 : 9 },
      gain: Array(repeating: 2, count: 8000))
    let dark = try Simulation(
      SimulationSettings(
        width: 100, height: 80, frames: 8, blinking: .independent(perFrame: 0),
        background: .flat(level: 2), camera: Self.camera,
        depthPSF: .lobes(RotatingLobes(sigma: 1.1)),
        zRange: -450...450), maps: maps)
    let none = try Self.localize(dark, Self.recipe(psf), psf, maps: maps)
    #expect(none.report.fits <= 1, "\(none.report.fits) false spots with the maps")
    maps.variance = Array(repeating: 9, count: 8000)
    let some = try Self.localize(dark, Self.recipe(psf), psf, maps: maps)
    #expect(some.report.fits > 10, "\(some.report.fits) without")
  }

  @Test func rowsDoNotDependOnDeviceOrBatch() throws {
    let movie = try Self.simulation(RotatingLobes(sigma: 1.1), spacing: 900)
    let psf = try #require(try movie.calibration)
    let recipe = Self.recipe(psf)
    let own = try Self.localize(movie, recipe, psf)
    #expect(own.table.count > 30)
    for batch in [1, 5] {
      #expect(try Self.localize(movie, recipe, psf, batch: batch).rows == own.rows)
    }
    for device in Devices.all where device.info.name != "cpu:baseline" {
      #expect(try Self.localize(movie, recipe, psf, on: device).rows == own.rows)
    }
  }

  @Test func whatCannotBe() throws {
    let movie = try Self.simulation(RotatingLobes(sigma: 1.1))
    let psf = try #require(try movie.calibration)
    var recipe = Self.recipe(psf)
    let whole = PixelRegion(x: 0, y: 0, width: 100, height: 80)
    #expect(throws: SettingsError.self) { try recipe.stage(nil, for: whole, in: movie.info) }
    recipe.detection.background = .temporalMedian(window: 51)
    let error = #expect(throws: SettingsError.self) {
      try recipe.stage(nil, psf: psf, for: whole, in: movie.info)
    }
    #expect(error?.description.contains("temporal_median") == true)
    #expect(Detector.usual(for: .astigmatic(.typical), box: 13) == nil)
    #expect(throws: SettingsError.self) { try Self.simulation(RotatingLobes(sigma: .nan)) }
  }

  /// The double-helix movie of storm-analysis, with the PSF that its simulator states.
  @Test(
    .data(
      "movies/storm_analysis/test_300x200_dh.dax",
      "movies/storm_analysis/test_300x200_dh_olist.bin"))
  func theMovieOfOthers() throws {
    let stem = SharedData.path("movies/storm_analysis/test_300x200_dh")
    let movie = try Movies.open(stem + ".dax")
    let psf = CalibratedPSF.spline(
      try SplinePSF(
        sampling: RotatingLobes(sigma: 1), side: 25, zStep: 20, zRange: -800...800))
    var recipe = Self.recipe(psf, camera: Camera(offset: 100, gain: 1))
    recipe.pixelSize = 160
    var table = try Self.localize(movie, recipe, psf).table
    table.field = FieldOfView(width: 300, height: 200, frames: 5, pixelSize: 160)
    let truth = try Tables.read(stem + "_olist.bin", options: TableOptions(pixelSize: 160))
    let score = try Self.score(table, truth)
    #expect(score.truePositives == 120 && score.falsePositives == 0)
    #expect(score.falseNegatives == 0)
    #expect(score.lateralRMSE! < 4 && score.z!.rmse < 6, "\(score)")
    #expect(0.85...1.2 ~= score.zErrorRatio!.rms)
  }
}
