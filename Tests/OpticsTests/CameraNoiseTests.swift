import Foundation
import Microscopy
import Optics
import Testing

/// Means and variances of simulated pixels, compared with the camera model.
@Suite struct CameraNoiseTests {
  private func settings(_ camera: Camera, background: Double) -> SimulationSettings {
    SimulationSettings(
      width: 40, height: 40, frames: 20, blinking: .independent(perFrame: 0),
      background: .flat(level: background), camera: camera, seed: 5)
  }

  private func pixels(_ simulation: Simulation) -> [Double] {
    (0..<simulation.settings.frames).flatMap { simulation.pixels(of: $0).map(Double.init) }
  }

  private func expect(
    _ values: [Double], mean: Double, variance: Double, kurtosis: Double = 3,
    _ location: SourceLocation = #_sourceLocation
  ) {
    let n = Double(values.count)
    let found = values.reduce(0, +) / n
    let spread = values.reduce(0) { $0 + ($1 - found) * ($1 - found) } / n
    #expect(abs(found - mean) < 5 * (variance / n).squareRoot(), sourceLocation: location)
    #expect(
      abs(spread / variance - 1) < 5 * ((kurtosis - 1) / n).squareRoot(), sourceLocation: location)
  }

  @Test(arguments: [0.0, 0.4, 30, 2000])
  func aPlainCameraAddsShotAndReadNoise(background: Double) throws {
    let camera = Camera(offset: 100, gain: 2.5, quantumEfficiency: 0.8, readNoise: 3)
    let electrons = 0.8 * background
    // Rounding to integer ADU adds a variance of 1/12.
    expect(
      pixels(try Simulation(settings(camera, background: background))),
      mean: 100 + 2.5 * electrons, variance: 2.5 * 2.5 * (electrons + 9) + 1 / 12.0, kurtosis: 4)
  }

  @Test(arguments: [2.0, 25, 400])
  func anEMRegisterDoublesTheShotNoise(background: Double) throws {
    let camera = Camera(
      offset: 200, gain: 0.5, emGain: 100, quantumEfficiency: 0.9, readNoise: 20)
    let electrons = 0.9 * background
    expect(
      pixels(try Simulation(settings(camera, background: background))),
      mean: 200 + 50 * electrons,
      variance: 50 * 50 * 2 * electrons + 0.25 * 400 + 1 / 12.0, kurtosis: 3 + 6 / electrons)
  }

  @Test func aGradientReachesBothLevels() throws {
    var gradient = settings(Camera(offset: 10), background: 0)
    gradient.background = .gradient(from: 4, to: 100, angle: 0)
    gradient.frames = 50
    let simulation = try Simulation(gradient)
    var columns = [Double](repeating: 0, count: 40)
    for frame in 0..<50 {
      for (i, value) in simulation.pixels(of: frame).enumerated() {
        columns[i % 40] += (Double(value) - 10) / 2000
      }
    }
    for (u, found) in columns.enumerated() {
      let expected = 4 + 96 * (Double(u) + 0.5) / 40
      #expect(abs(found - expected) < 5 * (expected / 2000).squareRoot(), "column \(u)")
    }
  }

  @Test func sCMOSPixelsFollowTheirMaps() throws {
    var noisy = settings(Camera(offset: 100, gain: 2, readNoise: 2), background: 20)
    noisy.sensor = SensorVariation(offset: 5, gain: 0.05, variance: 1)
    (noisy.width, noisy.height, noisy.frames) = (12, 12, 800)
    let simulation = try Simulation(noisy)
    let maps = try #require(simulation.maps)
    let frames = (0..<800).map { simulation.pixels(of: $0) }
    for i in 0..<144 {
      let gain = Double(maps.gain[i])
      expect(
        frames.map { Double($0[i]) }, mean: Double(maps.offset[i]) + 20 * gain,
        variance: 20 * gain * gain + Double(maps.variance[i]) + 1 / 12.0, kurtosis: 3.2)
    }
    #expect(Set(maps.variance).count == 144)
  }

  @Test func theVarianceOfASensorHasALogNormalTail() {
    let camera = Camera(offset: 100, gain: 2, readNoise: 1.5)
    let maps = SensorVariation(offset: 3, gain: 0.02, variance: 0.8)
      .maps(around: camera, width: 128, height: 128, seed: 9)
    let sorted = maps.variance.map(Double.init).sorted()
    let quantile = { (q: Double) in sorted[Int(q * Double(sorted.count))] }
    #expect(abs(quantile(0.5) / 9 - 1) < 0.05)
    #expect(abs(log(quantile(0.975) / quantile(0.5)) / (1.96 * 0.8) - 1) < 0.05)
    #expect(maps.gain.allSatisfy { $0 > 0 })
  }

  @Test func lightBeyondTheRangeSaturates() throws {
    let bright = try Simulation(settings(Camera(offset: 100, gain: 100), background: 5000))
    #expect(bright.pixels(of: 0).allSatisfy { $0 == 65535 })
    // Noise beyond all bounds is refused.
    #expect {
      try Simulation(settings(Camera(gain: 1e300, readNoise: 1e300), background: 1))
    } throws: { "\($0)".contains("gain 1e+300") }
    let dark = try Simulation(settings(Camera(offset: -50), background: 1))
    #expect(dark.pixels(of: 0).allSatisfy { $0 == 0 })
  }
}

extension Simulation {
  /// One frame as an array.
  func pixels(of frame: Int) -> [UInt16] {
    var pixels = [UInt16](repeating: 0, count: settings.width * settings.height)
    pixels.withUnsafeMutableBufferPointer { self.frame(frame, into: $0) }
    return pixels
  }
}
