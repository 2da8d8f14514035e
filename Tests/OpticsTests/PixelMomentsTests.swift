import Foundation
import Microscopy
import Testing

@testable import Optics

@Suite struct PixelMomentsTests {
  /// The last digits of a long, bright movie: Σx² of 200,000 frames is near 2⁵⁰ here, n Σx² beyond
  /// 2⁶⁴.
  @Test func nothingIsRoundedInALongMovie() throws {
    let frames = 200_000
    let movie = FormulaMovie(width: 1, height: 1, frames: frames) { frame, _ in
      65534 + Double(frame % 2)
    }
    let moments = try PixelMoments(of: [movie])
    #expect(moments.mean == [65534.5])
    #expect(moments.variance == [0.25 * Double(frames) / Double(frames - 1)])
    #expect(moments.highest == [65535])
  }

  @Test func theSumsOfAFullBatchFit() {
    // 65536 frames of 65535 are the most that a batch may hold.
    let sums = IntegerSums(pixels: 1)
    let frames = [UInt16](repeating: 65535, count: 65536)
    var totals = [Double](repeating: 0, count: 65536)
    frames.withUnsafeBytes { sums.add($0, count: 65536, pixels: 0..<1, totals: &totals) }
    let (mean, variance, highest) = sums.moments(of: 0, frames: 65536)
    #expect(mean == 65535 && variance == 0 && highest == 65535)
    #expect(totals.allSatisfy { $0 == 65535 })
  }

  @Test(arguments: [PixelType.uint16, .float32])
  func momentsAreThoseOfTheDefinition(_ pixel: PixelType) throws {
    let (width, height, frames) = (37, 29, 61)
    @Sendable func value(_ frame: Int, _ pixel: Int) -> Double {
      var random = RandomStream(seed: 8, index: frame * 10_000 + pixel)
      return (30_000 + 400 * random.normal()).rounded()
    }
    let movie = FormulaMovie(
      width: width, height: height, frames: frames, pixel: pixel, value: value)
    let moments = try PixelMoments(of: [movie])
    for pixel in 0..<width * height {
      let values = (0..<frames).map { value($0, pixel) }
      let mean = values.reduce(0, +) / Double(frames)
      let variance =
        values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(frames - 1)
      #expect(abs(moments.mean[pixel] - mean) < 1e-8)
      #expect(abs(moments.variance[pixel] / variance - 1) < 1e-9)
      #expect(moments.highest[pixel] == Float(values.max()!))
    }
    // Bits do not depend on threads, batches, or whether the movie comes in two parts.
    func part(_ range: Range<Int>) -> FormulaMovie {
      FormulaMovie(width: width, height: height, frames: range.count, pixel: pixel) {
        value(range.lowerBound + $0, $1)
      }
    }
    let others = [
      try PixelMoments(of: [movie], threads: 1), try PixelMoments(of: [movie], threads: 5),
      try PixelMoments(of: [movie], batchBytes: 1),
      try PixelMoments(of: [movie], threads: 3, batchBytes: 10_000),
      try PixelMoments(of: [part(0..<20), part(20..<frames)]),
    ]
    for other in others {
      #expect(other.mean == moments.mean)
      #expect(other.variance == moments.variance)
      #expect(other.commonVariance == moments.commonVariance)
      #expect(other.frames == frames)
    }
  }

  @Test func whatAllPixelsShareIsSeen() throws {
    let sensor = TestSensor()
    let steady = try PixelMoments(of: [sensor.record(photons: 500, frames: 300, seed: 1)])
    let flickering = try PixelMoments(
      of: [sensor.record(photons: 500, frames: 300, flicker: 0.02, seed: 2)])
    let expected = pow(0.02 * 500 * 2.2, 2)
    // A variance of 300 values is known to 8 %.
    #expect(abs(flickering.commonVariance / expected - 1) < 0.3)
    #expect(steady.commonVariance < 0.01 * expected)
  }

  @Test func onlyWhatIsAskedForIsKept() throws {
    let movie = FormulaMovie(width: 5, height: 4, frames: 3) { Double($0 + 10 * $1) }
    let moments = try PixelMoments(of: [movie])
    let part = try #require(moments.cropped(to: PixelRegion(x: 1, y: 2, width: 3, height: 2)))
    #expect(part.mean == [111, 121, 131, 161, 171, 181])
    #expect(part.variance == Array(repeating: 1, count: 6))
    for region in [
      PixelRegion(x: 3, y: 0, width: 3, height: 1), PixelRegion(x: .max, y: 0, width: 1, height: 1),
      PixelRegion(x: 0, y: 0, width: 0, height: 1), PixelRegion(x: -1, y: 0, width: 1, height: 1),
    ] { #expect(moments.cropped(to: region) == nil) }
  }

  @Test func moviesThatDifferAndPixelsThatAreNoNumbersAreRefused() {
    func refusal(_ movies: [any Movie]) -> String {
      do {
        _ = try PixelMoments(of: movies)
        return ""
      } catch {
        #expect(error is CameraCalibrationError)
        return "\(error)"
      }
    }
    let movie = FormulaMovie(width: 4, height: 4, frames: 3, name: "a.tif") { _, _ in 1 }
    let wide = FormulaMovie(width: 5, height: 4, frames: 3, name: "b.tif") { _, _ in 1 }
    let float = FormulaMovie(width: 4, height: 4, frames: 3, pixel: .float32, name: "c.tif") {
      $0 == 1 && $1 == 6 ? .nan : 1
    }
    #expect(refusal([]).contains("no dark frames were given\nhint: "))
    #expect(
      refusal([movie, wide]).contains("b.tif has 5×4 uint16 pixels, a.tif 4×4 uint16\nhint:"))
    #expect(refusal([movie, float]).contains("c.tif has 4×4 float32 pixels"))
    #expect(
      refusal([float]).contains("pixel (2, 1) of c.tif is NaN or infinite in some frame\nhint:"))
  }
}
