import Compute
import Foundation
import Localization
import Microscopy
import Optics
import Reporting
import Testing
import Workflow

/// Photons, background and reported errors are correct for every camera, for separate molecules.
@Suite struct CameraTests {
  static let sCMOS = Camera(offset: 100, gain: 2.2, quantumEfficiency: 0.8, readNoise: 1.6)
  static let emCCD = Camera(
    offset: 200, gain: 0.05, emGain: 300, quantumEfficiency: 0.9, readNoise: 40)

  /// One molecule at each point of a grid.
  private func scene(_ camera: Camera, _ sensor: SensorVariation?) throws -> Simulation {
    try Simulation(
      SimulationSettings(
        width: 112, height: 112, frames: 40, psf: GaussianPSF(sigma: 1.2),
        scene: .grid(spacing: 1400, jitter: 60), blinking: .always(molecules: 64),
        photons: .fixed(photons: 1200), background: .flat(level: 10), camera: camera,
        sensor: sensor, seed: 11))
  }

  @Test(arguments: [(sCMOS, false), (sCMOS, true), (emCCD, false)])
  func reportedErrorsAreRight(_ camera: Camera, hasMaps: Bool) throws {
    let movie = try scene(camera, hasMaps ? SensorVariation() : nil)
    var recipe = Recipe()
    recipe.camera = camera
    recipe.detection.detector = Detector(.wavelet)
    let outcome = try localize(movie, recipe, maps: movie.maps)
    let table = outcome.table
    let score = try Score(of: fielded(table, movie), against: movie.truth)
    #expect(score.recall > 0.99)
    #expect(score.precision > 0.98)
    func mean(_ quantity: Quantity) -> Double {
      table[quantity]!.reduce(0, +) / Double(table.count)
    }
    #expect(abs(mean(.photons) / 1200 - 1) < 0.01, "photons \(mean(.photons))")
    #expect(abs(mean(.background) / 10 - 1) < 0.03, "background \(mean(.background))")
    for ratio in [score.xErrorRatio, score.yErrorRatio, score.photonsErrorRatio] {
      let spread = try #require(ratio).spread
      #expect(abs(spread - 1) < 0.08, "error over reported error \(spread)")
    }
    let chiSquare = mean(.reducedChiSquare)
    #expect(abs(chiSquare - 1) < 0.1, "reduced χ² \(chiSquare)")
  }

  private func fielded(_ table: Localizations, _ movie: Simulation) -> Localizations {
    var table = table
    table.field = movie.field
    return table
  }

  @Test func saturatedPixelsAreFlagged() throws {
    let simulation = try smallMovie(perFrame: 2)
    let recipe = smallRecipe()
    let own = try localize(EditedMovie(simulation), recipe)
    #expect(own.report.saturated == 0)
    let edited = EditedMovie(simulation)
    let (x, y) = (Int(own.table[.x]![0].rounded()), Int(own.table[.y]![0].rounded()))
    edited.pixels[(own.table.frame[0] * 48 + y) * 56 + x] = 65535
    let other = try localize(edited, recipe)
    #expect(other.report.saturated >= 1)
    #expect(other.report.frames == 24)
    #expect(other.rows.suffix(own.rows.count / 2) == own.rows.suffix(own.rows.count / 2))
    // A 10-bit camera in a 16-bit file.
    var narrow = recipe
    narrow.camera.saturation = 1023
    for frame in 0..<24 {
      for pixel in 0..<(48 * 56) where edited.pixels[frame * 48 * 56 + pixel] >= 1023 {
        edited.pixels[frame * 48 * 56 + pixel] = 1023
      }
    }
    #expect(try localize(edited, recipe).report.saturated == 0)
    #expect(try localize(edited, narrow).report.saturated >= 1)
    narrow.camera.saturation = 100
    #expect(throws: SettingsError.self) { try localize(edited, narrow) }
  }

  /// A NaN pixel removes the spots around it and is reported; all else is unchanged.
  @Test(arguments: Detector.Kind.withoutPSF)
  func pixelsThatAreNoNumbers(_ detector: Detector.Kind) throws {
    let simulation = try smallMovie(width: 96, height: 96, perFrame: 12)
    let recipe = smallRecipe(detector)
    let own = try localize(EditedMovie(simulation, floating: true), recipe)
    #expect(own.notes.isEmpty)
    for bad in [Float.nan, .infinity, -.infinity] {
      let edited = EditedMovie(simulation, floating: true)
      edited.floats[(3 * 96 + 20) * 96 + 20] = bad
      let other = try localize(edited, recipe, batch: 5)
      #expect(
        other.notes == ["1 pixels in 1 frames are NaN or infinite; spots near them are not found"])
      func far(_ table: Localizations) -> Set<String> {
        Set(
          Outcome.rows(
            of: table.selecting(
              table.frame.indices.filter {
                table.frame[$0] != 3 || max(table[.x]![$0], table[.y]![$0]) > 45
              })))
      }
      // The frame's own cut-off may change a little without the missing spots.
      #expect(far(own.table).symmetricDifference(far(other.table)).count <= 2, "\(bad)")
      #expect(far(other.table).contains { $0.hasPrefix("3 ") }, "\(bad): the frame is lost")
      #expect(
        other.table.quantities.allSatisfy { other.table[$0]!.allSatisfy(\.isFinite) }, "\(bad)")
    }
  }
}
