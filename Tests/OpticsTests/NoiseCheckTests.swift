import Foundation
import Microscopy
import Optics
import Testing

/// Correct camera parameters give no warning, wrong ones do.
@Suite struct NoiseCheckTests {
  static let sCMOS = Camera(offset: 100, gain: 2.2, quantumEfficiency: 0.8, readNoise: 1.6)
  static let emCCD = Camera(
    offset: 200, gain: 0.05, emGain: 300, quantumEfficiency: 0.9, readNoise: 40)

  private func movie(
    _ camera: Camera, background: Double = 10, perFrame: Double = 10, sensor: SensorVariation? = nil
  ) throws -> Simulation {
    try Simulation(
      SimulationSettings(
        width: 66, height: 66, frames: 12, psf: GaussianPSF(sigma: 1.2),
        blinking: .independent(perFrame: perFrame), photons: .fixed(photons: 1500),
        background: .flat(level: background), camera: camera, sensor: sensor, seed: 21))
  }

  private func check(
    _ movie: any Movie, _ camera: Camera, maps: CameraMaps? = nil,
    change: (Float) -> Float = { $0 }
  ) throws -> NoiseCheck {
    let info = movie.info
    var check = NoiseCheck(width: info.width, height: info.height, camera: camera, maps: maps)
    let size = info.width * info.height
    for first in stride(from: 0, to: info.frames - 1, by: 2) {
      var pixels = [UInt16](repeating: 0, count: 2 * size)
      try pixels.withUnsafeMutableBytes { try movie.read(first..<first + 2, into: $0) }
      let values = pixels.map { change(Float($0)) }
      check.add(Array(values[..<size]), Array(values[size...]))
    }
    return check
  }

  /// From dark to bright, from empty to 60 molecules on a field of 6.6 µm: two in every block.
  @Test(arguments: [sCMOS, emCCD, Camera(offset: 500, gain: 1, readNoise: 17), Camera(gain: 0.5)])
  func rightNumbersAreSilent(_ camera: Camera) throws {
    for background in [0.5, 10, 300] {
      for perFrame in [0.0, 10, 60] {
        let movie = try movie(camera, background: background, perFrame: perFrame)
        let result = try check(movie, camera)
        #expect(
          result.warning == nil,
          "\(background), \(perFrame): \(String(describing: result.finding))")
      }
    }
  }

  @Test func mapsAreSilentAndSoAreScalarsOfAnUnevenSensor() throws {
    let movie = try movie(Self.sCMOS, sensor: SensorVariation())
    #expect(try check(movie, Self.sCMOS, maps: movie.maps).warning == nil)
    #expect(try check(movie, Self.sCMOS).warning == nil)
    // The ratio is 1 only with the maps.
    let finding = try #require(try check(movie, Self.sCMOS, maps: movie.maps).finding)
    #expect(abs(finding.ratio - 1) < 0.05, "\(finding)")
  }

  @Test func wrongGainsAreTold() throws {
    let movie = try movie(Self.sCMOS)
    for (gain, words) in [
      (4.4, "a gain of about 2."), (1.1, "a gain of about 2."),
      (0.4545, "sensitivity 0.4545, which is a gain of 2.2"),
    ] {
      var camera = Self.sCMOS
      camera.gain = gain
      let warning = try #require(try check(movie, camera).warning, "gain \(gain)").description
      #expect(warning.contains("times the value expected from the camera settings"))
      #expect(warning.contains("\nhint: ") && warning.contains(words), "\(gain): \(warning)")
    }
    for readNoise in [0, Self.emCCD.readNoise] {
      var plain = Self.emCCD
      (plain.emGain, plain.readNoise) = (1, readNoise)
      let warning = try #require(try check(self.movie(Self.emCCD), plain).warning).description
      #expect(warning.contains("an EM register: give its em-gain beside gain"), "\(warning)")
    }
  }

  /// The hint names the gain at the output, not the product with the EM gain, so that obeying it
  /// ends the warning; and the number of a data sheet is recognized.
  @Test func gainsOfEMCameras() throws {
    let movie = try movie(Self.emCCD)
    for gain in [0.4, 0.005] {
      var camera = Self.emCCD
      (camera.gain, camera.readNoise) = (gain, camera.readNoise * camera.gain / gain)
      let warning = try #require(try check(movie, camera).warning, "gain \(gain)").description
      let words = try #require(warning.firstMatch(of: /a gain of about ([0-9.e-]+)/))
      let implied = try #require(Double(words.1))
      #expect(abs(implied / Self.emCCD.gain - 1) < 0.15, "\(gain): \(warning)")
      // Obeying the hint ends the warning.
      camera.gain = implied
      #expect(try check(movie, camera).warning == nil)
    }
    var sheet = Self.emCCD
    (sheet.gain, sheet.readNoise) = (20, 0.1)
    let warning = try #require(try check(movie, sheet).warning).description
    #expect(warning.contains("sensitivity 20, which is a gain of 0.05"), "\(warning)")
  }

  @Test func wrongOffsetsAreTold() throws {
    let movie = try movie(Self.sCMOS)
    for offset in [0.0, 70] {
      var camera = Self.sCMOS
      camera.offset = offset
      let warning = try #require(try check(movie, camera).warning, "offset \(offset)").description
      #expect(warning.contains("the noise is 0."), "\(warning)")
    }
    var camera = Self.sCMOS
    camera.offset = 150
    let warning = try #require(try check(movie, camera).warning).description
    #expect(warning.contains("lie below the offset by more than five"), "\(warning)")
    // The defaults, when no camera was given.
    #expect(try check(movie, Camera()).warning != nil)
  }

  /// A forgotten offset looks like a wrong gain. The hint asks for the offset, not for a gain that
  /// would end the warning and make photons several times too many.
  @Test func aForgottenOffsetIsAskedFor() throws {
    for background in [3.0, 10, 100] {
      let movie = try movie(Self.sCMOS, background: background)
      var camera = Self.sCMOS
      camera.offset = 0
      let warning = try #require(try check(movie, camera).warning, "\(background)")
      let text = warning.description
      #expect(text.contains("give the camera's offset first"), "\(background): \(text)")
      #expect(!text.contains("a gain of"), "\(background): \(text)")
      #expect(warning.isGross == (background < 60), "\(background): \(text)")
      let words = try #require(text.firstMatch(of: /an offset of about ([0-9.e+]+)/))
      let offset = try #require(Double(words.1))
      #expect(abs(offset - 100) < 15, "\(background): \(text)")
    }
  }

  /// An offset that no pixel supports is not proposed.
  @Test func nothingOutsideTheDataIsProposed() throws {
    let movie = try movie(Self.sCMOS)
    var camera = Self.sCMOS
    camera.gain = 1e-4
    let text = try #require(try check(movie, camera).warning).description
    #expect(!text.contains("an offset of"), "\(text)")
  }

  @Test func photonsAreToldFromCounts() throws {
    // Converted to electrons and rounded by another program: offset and gain no longer apply.
    let movie = try movie(Self.sCMOS, background: 100)
    let electrons = { (value: Float) in ((value - 100) / 2.2).rounded() }
    let warning = try #require(
      try check(movie, Camera(offset: 0, gain: 2.2, readNoise: 1.6), change: electrons).warning
    ).description
    #expect(warning.contains("seem to be electrons already"), "\(warning)")
    #expect(try check(movie, Camera(offset: 0, readNoise: 1.6), change: electrons).warning == nil)
    // Stretched afterwards: two of three values do not occur.
    let stretched = { (value: Float) in 3 * value }
    let steps = try #require(try check(movie, Self.sCMOS, change: stretched).warning).description
    #expect(steps.contains("pixel values come in steps of 3, so they were scaled"), "\(steps)")
  }

  @Test func tooLittleSaysNothing() throws {
    var small = NoiseCheck(width: 9, height: 9, camera: Camera())
    small.add([Float](repeating: 5, count: 81), [Float](repeating: 6, count: 81))
    #expect(small.finding == nil && small.warning == nil)
    // Empty and repeated frames have no noise to check.
    var still = NoiseCheck(width: 80, height: 80, camera: Camera(offset: 100, gain: 2))
    for _ in 0..<5 {
      still.add([Float](repeating: 200, count: 6400), [Float](repeating: 200, count: 6400))
    }
    #expect(still.warning == nil)
    var broken = NoiseCheck(width: 80, height: 80, camera: Camera())
    broken.add([Float](repeating: .nan, count: 6400), [Float](repeating: 1, count: 6400))
    #expect(broken.warning == nil)
  }
}
