import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Optics
import Reporting
import TestSupport
import Testing

@testable import Workflow

/// The models that come with Glint, on simulated movies that they were not trained on.
@Suite struct ShippedModelTests {
  private static let camera = Camera(offset: 100, gain: 2, quantumEfficiency: 0.9, readNoise: 1.5)

  private func simulation(
    sigma: Double, frames: Int = 24, perFrame: Double = 12
  ) throws -> Simulation {
    try Simulation(
      SimulationSettings(
        width: 64, height: 56, frames: frames, psf: GaussianPSF(sigma: sigma),
        blinking: .independent(perFrame: perFrame), photons: .fixed(photons: 3000),
        background: .flat(level: 20), camera: Self.camera))
  }

  private func run(
    _ simulation: Simulation, _ change: (inout Recipe) -> Void = { _ in }
  ) throws -> (table: Localizations, report: LocalizeReport) {
    try withScratchFolder { folder in
      var recipe = Recipe()
      recipe.network = NetworkSettings(weights: "", name: "decode-2d")
      recipe.pixelSize = 100
      recipe.camera = Self.camera
      change(&recipe)
      let output = folder.appendingPathComponent("t.csv").path
      let report = try LocalizeJob(
        source: simulation, recipe: recipe, maps: nil, devices: [CPUDevice()], outputs: [output]
      ).run()
      return (try Tables.read(output), report)
    }
  }

  @Test func moleculesAreFound() throws {
    let simulation = try simulation(sigma: 1.25)
    let (table, report) = try run(simulation)
    let score = try Score(
      of: table, against: simulation.truth, settings: ScoreSettings(border: 0))
    #expect(score.jaccard > 0.9 && (score.lateralRMSE ?? 99) < 30, "\(score.jaccard)")
    #expect(report.notes.contains { $0.hasPrefix("the movie is inside the range") })
    #expect(table[.z] == nil)
    let level = try #require(report.recipe.network?.level)
    #expect((14...26).contains(level))
    let photons = try #require(table[.photons])
    let mean = photons.reduce(0, +) / Double(photons.count)
    #expect((2550...3450).contains(mean))
  }

  @Test func aMovieOutsideTheRangeIsTold() throws {
    let (_, report) = try run(simulation(sigma: 2.2, frames: 40, perFrame: 4))
    #expect(report.notes.contains { $0.contains("outside the range") && $0.contains("PSF width") })
  }

  /// A recipe is proposed from a movie, and can be trained.
  @Test func aRecipeIsProposed() throws {
    func propose(_ frames: Int, _ network: String) throws -> TrainingRecipe {
      var recipe = Recipe()
      recipe.localizer = .emitters(EmitterSettings())
      recipe.pixelSize = 100
      recipe.camera = Self.camera
      let text = try ProposeJob(
        source: simulation(sigma: 1.25, frames: frames), recipe: recipe, maps: nil, psf: nil,
        network: network, devices: [CPUDevice()]
      ).run()
      return try withScratchFolder { folder in
        let path = folder.appendingPathComponent("recipe.yaml").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try TrainingRecipe(reading: path)
      }
    }
    for (network, start) in [("decode-2d", "decode-2d"), ("decode", nil), ("fid-storm", nil)] {
      let recipe = try propose(40, network)
      try recipe.check()
      #expect(recipe.start == start)
      let examples = recipe.training.examples
      // 3000 photons are 2700 electrons, 20 are 18, and 12 molecules are 0.33 per µm².
      #expect(examples.photons.from < 2700 && examples.photons.to > 2700)
      #expect(examples.background.from < 18 && examples.background.to > 18)
      #expect(examples.density.from < 0.33 && examples.density.to > 0.33)
      guard case .gaussian(let sigma) = examples.psf else {
        Issue.record("the PSF is not a Gaussian")
        continue
      }
      #expect(sigma.from < 1.25 && sigma.to > 1.25)
    }
    #expect(throws: SettingsError.self) { try propose(2, "decode") }
    #expect(throws: (any Error).self) { try propose(40, "spenet") }
  }

  /// The recipe names the user's PSF and camera files, and the training reads them.
  @Test func aProposalNamesTheUsersFiles() throws {
    var settings = SimulationSettings(
      width: 64, height: 56, frames: 24, blinking: .independent(perFrame: 8),
      photons: .fixed(photons: 3000), background: .flat(level: 20),
      camera: Camera(offset: 100, gain: 2, readNoise: 1.5),
      depthPSF: .lobes(RotatingLobes(sigma: 1)),
      zRange: -250...250)
    settings.sensor = SensorVariation()
    let simulation = try Simulation(settings)
    try withScratchFolder { folder in
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      let psf = try #require(try simulation.calibration)
      try CalibrationFiles.write(psf, to: path("psf.hdf5"))
      try CameraFiles.write(try #require(simulation.maps), to: path("a camera.hdf5"))
      var recipe = Recipe()
      var emitters = EmitterSettings()
      emitters.spot = .psf(PSFFile(path("psf.hdf5")))
      recipe.localizer = .emitters(emitters)
      recipe.pixelSize = 100
      recipe.camera = settings.camera
      recipe.cameraFile = path("a camera.hdf5")
      let text = try ProposeJob(
        source: simulation, recipe: recipe, maps: simulation.maps, psf: psf, network: "decode",
        devices: [CPUDevice()]
      ).run()
      try text.write(toFile: path("recipe.yaml"), atomically: true, encoding: .utf8)
      let proposed = try TrainingRecipe(reading: path("recipe.yaml"))
      try proposed.check()
      let examples = proposed.training.examples
      let isTheUsers =
        try examples.psf.calibrated == CalibrationFiles.read(path("psf.hdf5"))
        && examples.camera?.content == simulation.maps
      #expect(isTheUsers)
      #expect(abs(examples.readVariance.from - 2.25) < 0.3)
    }
  }
}
