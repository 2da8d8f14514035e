import Foundation
import Microscopy
import Testing

@testable import Optics

@Suite struct CameraCalibrationTests {
  private func dark(_ sensor: TestSensor, frames: Int = 500, seed: UInt64 = 100) throws
    -> PixelMoments
  {
    try PixelMoments(of: [sensor.record(frames: frames, seed: seed)])
  }

  private func calibrate(
    _ sensor: TestSensor, levels: [Double] = [30, 100, 250, 500], frames: Int = 400,
    flicker: Double = 0
  ) throws -> (maps: CameraCalibration.Maps, report: CameraCalibration.Report) {
    var calibration = try CameraCalibration(dark: dark(sensor))
    for (index, level) in levels.enumerated() {
      let movie = sensor.record(
        photons: level, frames: frames, flicker: flicker, seed: UInt64(index))
      try calibration.add(PixelMoments(of: [movie]), file: "level\(index)")
    }
    return try calibration.result()
  }

  /// Errors over standard errors: mean 0, standard deviation 1.
  private func expectStandardErrors(
    _ found: [Float], _ truth: [Float], _ errors: [Float], _ what: String,
    _ location: SourceLocation = #_sourceLocation
  ) {
    let ratios = found.indices.map { Double((found[$0] - truth[$0]) / errors[$0]) }
    let count = Double(ratios.count)
    let mean = ratios.reduce(0, +) / count
    let spread = (ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    #expect(abs(mean) < 4 / count.squareRoot(), "\(what): \(mean)", sourceLocation: location)
    #expect(
      abs(spread - 1) < 4 / (2 * count).squareRoot(), "\(what): \(spread)",
      sourceLocation: location)
  }

  @Test func mapsComeBackAndKnowTheirErrors() throws {
    let sensor = TestSensor()
    let (maps, report) = try calibrate(sensor)
    expectStandardErrors(maps.values.offset, sensor.maps.offset, maps.errors.offset, "offset")
    expectStandardErrors(
      // Rounding to whole numbers adds a twelfth.
      maps.values.variance, sensor.maps.variance.map { $0 + 1 / 12 }, maps.errors.variance,
      "variance")
    expectStandardErrors(maps.values.gain, sensor.maps.gain, maps.errors.gain, "gain")
    #expect(report.darkFrames == 500 && report.levels.count == 4)
    #expect(abs(report.gain.median / 2.2 - 1) < 0.01)
    #expect(abs(report.readNoise / 1.6 - 1) < 0.03)
    for (level, photons) in zip(report.levels, [30.0, 100, 250, 500]) {
      #expect(abs(level.signal / (2.2 * photons) - 1) < 0.02)
      #expect(abs(level.gain / 2.2 - 1) < 0.03)
      #expect(level.saturated == 0 && level.frames == 400)
    }
    #expect(report.hotPixels.isEmpty)
    #expect(report.warnings.contains { $0.contains("500 dark frames") })
  }

  /// A lamp with 3 % flicker gives a variance of 0.45 s at 500 photons; without the correction the
  /// gain would be a third too high.
  @Test func anUnsteadyLampDoesNotRaiseTheGain() throws {
    let sensor = TestSensor()
    let (_, report) = try calibrate(sensor, flicker: 0.03)
    #expect(abs(report.gain.median / 2.2 - 1) < 0.02)
    for level in report.levels { #expect(abs(level.flicker / 0.03 - 1) < 0.3) }
  }

  @Test func oddPixelsAreListed() throws {
    var sensor = TestSensor()
    sensor.maps.variance[7] = 3000
    sensor.maps.offset[30] = 400
    sensor.maps.gain[50] = 0.01
    let (maps, report) = try calibrate(sensor)
    #expect(
      report.hotPixels.map { [$0.x, $0.y] } == [7, 30, 50].map { [$0 % 24, $0 / 24] })
    #expect(report.hotPixels[0].reasons.contains(.noisy))
    #expect(report.hotPixels[1].reasons == [.bright])
    #expect(report.hotPixels[2].reasons == [.gainless])
    // Gains that cannot be measured are the others' median, and are marked as unknown.
    #expect(abs(Double(maps.values.gain[50]) - report.gain.median) < 1e-5)
    #expect(maps.errors.gain[50] == maps.values.gain[50])
  }

  @Test func levelsAtTheEndOfTheRangeAreLeftOut() throws {
    let sensor = TestSensor()
    var calibration = try CameraCalibration(dark: dark(sensor), saturation: 700)
    for (index, level) in [50.0, 150].enumerated() {
      try calibration.add(
        PixelMoments(of: [sensor.record(photons: level, frames: 200, seed: UInt64(index))]),
        file: "level")
    }
    let clipped = sensor.record(photons: 300, frames: 200, seed: 9)
    #expect(throws: CameraCalibrationError.saturated(file: "clipped", saturation: 700)) {
      try calibration.add(PixelMoments(of: [clipped]), file: "clipped")
    }
    #expect(abs(try calibration.result().report.gain.median / 2.2 - 1) < 0.03)
  }

  @Test func impossibleCalibrationsAreRefused() throws {
    let sensor = TestSensor(side: 8)
    let black = try dark(sensor, frames: 150)
    #expect(throws: CameraCalibrationError.tooFewFrames(kind: "dark", frames: 1, least: 100)) {
      try CameraCalibration(dark: dark(sensor, frames: 1))
    }
    #expect(throws: CameraCalibrationError.tooFewFrames(kind: "dark", frames: 99, least: 100)) {
      try CameraCalibration(dark: dark(sensor, frames: 99))
    }
    func refusal(_ movie: FormulaMovie) -> String {
      do {
        var calibration = try CameraCalibration(dark: black)
        try calibration.add(PixelMoments(of: [movie]), file: "b.tif")
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(refusal(sensor.record(photons: 50, frames: 19, seed: 1)).contains("19 bright frames"))
    for (shift, words) in [(0.0, "b.tif is not brighter"), (-30, "b.tif is not brighter")] {
      let message = refusal(sensor.record(frames: 50, seed: 2, shift: shift))
      #expect(message.contains(words) && message.contains("\nhint: "), "\(message)")
    }
    let other = TestSensor(side: 9).record(photons: 50, frames: 50, seed: 1)
    #expect(refusal(other).contains("the maps are 8×8 px, the frames 9×9\nhint: "))
    let alone = try CameraCalibration(dark: black)
    #expect(throws: CameraCalibrationError.noGain) { try alone.result() }
    let stated = try alone.result(gain: 0.46)
    #expect(stated.maps.values.gain == Array(repeating: 0.46, count: 64))
    #expect(stated.report.levels.isEmpty)
  }
}

@Suite struct CameraValidationTests {
  private let sensor = TestSensor()

  private func validate(_ movie: FormulaMovie, stated: Bool = true) throws -> CameraValidation {
    let dark = try PixelMoments(of: [sensor.record(frames: 400, seed: 1)])
    let maps = try CameraCalibration(dark: dark).result(gain: 2.2).maps
    return try CameraValidation(
      of: maps.values, errors: stated ? maps.errors : nil, by: PixelMoments(of: [movie]))
  }

  @Test func freshFramesOfTheSameSensorAgree() throws {
    let result = try validate(sensor.record(frames: 400, seed: 2))
    #expect(result.agrees)
    #expect(abs(result.drift) < 0.05)
    #expect(abs(result.varianceRatio - 1) < 0.02)
    #expect(result.outside < 0.005)
    #expect(result.newHotPixels.isEmpty)
    // True maps without stated errors give the same verdict.
    let dark = try PixelMoments(of: [sensor.record(frames: 400, seed: 3)])
    #expect(try CameraValidation(of: sensor.maps, errors: nil, by: dark).agrees)
  }

  @Test func aShiftedOffsetContradicts() throws {
    // A quarter of the read noise is 0.88 ADU.
    #expect(try validate(sensor.record(frames: 400, seed: 2, shift: 0.5)).outside < 0.5)
    let result = try validate(sensor.record(frames: 400, seed: 2, shift: 2))
    #expect(!result.agrees)
    #expect(abs(result.drift - 2) < 0.1)
    #expect(result.offsetOutside > 0.9 && result.varianceOutside < 0.01)
    #expect(result.contradictions[0].hasPrefix("the offset has moved by +"))
  }

  @Test func anotherReadoutModeContradicts() throws {
    var other = sensor
    other.maps.variance = sensor.maps.variance.map { $0 * 2 }
    let result = try validate(other.record(frames: 400, seed: 2))
    #expect(abs(result.varianceRatio - 2) < 0.1)
    #expect(result.varianceOutside > 0.8)
    #expect(result.contradictions.contains { $0.contains("times that of the maps") })
  }

  @Test func newHotPixelsAreListed() throws {
    var other = sensor
    for pixel in [3, 77, 200, 300, 431] { other.maps.variance[pixel] = 2000 }
    let result = try validate(other.record(frames: 400, seed: 2))
    #expect(result.newHotPixels.map { $0.y * 24 + $0.x } == [3, 77, 200, 300, 431])
    #expect(result.contradictions == ["5 pixels have become hot"])
  }

  @Test func anotherSensorIsRefused() throws {
    let small = TestSensor(side: 20).record(frames: 200, seed: 1)
    #expect(throws: CameraCalibrationError.otherSensor(maps: "24×24", frames: "20×20")) {
      try validate(small)
    }
    #expect(throws: CameraCalibrationError.tooFewFrames(kind: "dark", frames: 50, least: 100)) {
      try validate(sensor.record(frames: 50, seed: 1))
    }
  }
}
