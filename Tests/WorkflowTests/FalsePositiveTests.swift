import Compute
import Localization
import Microscopy
import Optics
import TestSupport
import Testing
import Workflow

/// Noise makes as many spots of empty frames as the setting says, with every detector and camera.
@Suite struct FalsePositiveTests {
  enum Sensor: CaseIterable {
    case dim, bright, amplified

    var camera: Camera {
      self == .amplified
        ? Camera(offset: 200, gain: 20.0 / 300, emGain: 300, readNoise: 74.4)
        : Camera(offset: 100, gain: 2, readNoise: 1.5)
    }
    var background: Double { self == .dim ? 1 : 30 }
  }

  /// 98 times 10⁴ pixels, so that one false spot is expected for each.
  @Test(arguments: Detector.Kind.allCases, Sensor.allCases)
  func emptyFrames(_ detector: Detector.Kind, _ sensor: Sensor) throws {
    let movie = try Simulation(
      SimulationSettings(
        width: 128, height: 128, frames: 60, blinking: .independent(perFrame: 0),
        background: .flat(level: sensor.background), camera: sensor.camera, seed: 4))
    var recipe = smallRecipe(detector)
    recipe.camera = sensor.camera
    recipe.detection.falsePositives = 1
    var psf: CalibratedPSF?
    if detector == .psf {
      psf = .astigmatic(.typical)
      recipe.fit.spot = .psf(PSFFile("psf.yaml"))
      recipe.fit.box = 13
    }
    let outcome = try localize(movie, recipe, psf: psf)
    let spots = outcome.report.fits
    #expect((25...180).contains(spots), "\(spots)")
  }

  /// A number of false spots replaces the threshold, and the other way round.
  @Test func eitherNumberOrThreshold() throws {
    var settings = DetectionSettings(.wavelet(threshold: 2))
    #expect(settings.fields.description.contains("threshold"))
    settings.falsePositives = 0.01
    #expect(!settings.fields.description.contains("threshold"))
    #expect(settings.fields.description.contains("false_positives"))
  }
}
