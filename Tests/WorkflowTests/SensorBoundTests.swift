import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import TestSupport
import Testing
import Workflow

/// On a sensor with different pixels, fits with its maps reach the sensor's bound; fits without
/// maps are far from it.
@Suite struct SensorBoundTests {
  /// The middle of a real sensor if the data are available, otherwise one with a heavy tail.
  private func sensor(_ side: Int) throws -> CameraMaps {
    let real = "camera/scmos_storm/calib.npy"
    if SharedData.has(real), let maps = try CameraFiles.read(SharedData.path(real)).maps {
      let region = PixelRegion(x: 60, y: 60, width: side, height: side)
      return try #require(maps.cropped(to: region))
    }
    return SensorVariation(offset: 3, gain: 0.02, variance: 1)
      .maps(
        around: Camera(offset: 100, gain: 2.1, readNoise: 1.2), width: side, height: side, seed: 4)
  }

  @Test func mapsReachTheBoundOfTheSensor() throws {
    let side = 140
    let maps = try sensor(side)
    let camera = Camera(quantumEfficiency: 0.8)
    let movie = try Simulation(
      SimulationSettings(
        width: side, height: side, frames: 30, psf: GaussianPSF(sigma: 1.2),
        scene: .grid(spacing: 1400, jitter: 400), blinking: .always(molecules: 100),
        photons: .fixed(photons: 150), background: .flat(level: 1), camera: camera, seed: 12),
      maps: maps)
    func score(_ maps: CameraMaps?, _ scalars: Camera) throws -> Score {
      var recipe = Recipe()
      recipe.camera = scalars
      recipe.fit.spot = .gaussian(GaussianFit(.fixed))
      recipe.fit.box = 9
      var table = try localize(movie, recipe, maps: maps).table
      table.field = movie.field
      return try Score(
        of: table, against: movie.truth,
        bound: TruthBound(
          psf: nil, gaussian: GaussianPSF(sigma: 1.2), box: 9, camera: camera, maps: movie.maps))
    }
    func middle(_ map: [Float]) -> Double { Double(map.sorted()[map.count / 2]) }
    let gain = middle(maps.gain)
    let scalars = Camera(
      offset: middle(maps.offset), gain: gain, quantumEfficiency: 0.8,
      readNoise: middle(maps.variance).squareRoot() / gain)
    let (with, without) = (try score(maps, camera), try score(nil, scalars))
    #expect(with.recall > 0.98 && with.truePositives > 2500)
    for errorOverBound in [with.xErrorOverBound, with.yErrorOverBound] {
      let ratio = try #require(errorOverBound)
      #expect(0.95...1.05 ~= ratio.rms, "with maps \(ratio)")
    }
    for ratio in [with.xErrorRatio, with.yErrorRatio] {
      #expect(0.95...1.05 ~= (try #require(ratio)).rms)
    }
    let pairs = [
      (with.xErrorOverBound, without.xErrorOverBound),
      (with.yErrorOverBound, without.yErrorOverBound),
    ]
    for case (let with?, let without?) in pairs {
      print("RMSE over the sensor's bound: with maps \(with.rms), without \(without.rms)")
      #expect(without.rms > 1.05 * with.rms)
    }
    // Nor does it know its own errors.
    for ratio in [without.xErrorRatio, without.yErrorRatio] {
      #expect(try #require(ratio).rms > 1.09)
    }
  }
}
