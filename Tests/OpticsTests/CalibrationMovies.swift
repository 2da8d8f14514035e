import Foundation
import Microscopy
import Optics

/// A movie whose pixels are a function of frame and position.
struct FormulaMovie: Movie {
  let info: MovieInfo
  private let value: @Sendable (_ frame: Int, _ pixel: Int) -> Double

  init(
    width: Int, height: Int, frames: Int, pixel: PixelType = .uint16, name: String = "formula",
    value: @escaping @Sendable (_ frame: Int, _ pixel: Int) -> Double
  ) {
    info = MovieInfo(
      width: width, height: height, frames: frames, pixel: pixel, format: name, storage: "memory")
    self.value = value
  }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) {
    let size = info.width * info.height
    for (i, frame) in frames.enumerated() {
      for pixel in 0..<size {
        let value = value(frame, pixel)
        if info.pixel == .uint16 {
          buffer.bindMemory(to: UInt16.self)[i * size + pixel] = UInt16(value)
        } else {
          buffer.bindMemory(to: Float.self)[i * size + pixel] = Float(value)
        }
      }
    }
  }
}

/// A sensor with known maps that records dark frames and uniform light.
struct TestSensor {
  var maps: CameraMaps
  let camera = Camera(offset: 100, gain: 2.2, readNoise: 1.6)

  init(side: Int = 24, seed: UInt64 = 3) {
    maps = SensorVariation(offset: 3, gain: 0.02, variance: 0.5)
      .maps(around: camera, width: side, height: side, seed: seed)
  }

  /// - Parameters:
  ///   - photons: per pixel and frame.
  ///   - flicker: standard deviation of the lamp from frame to frame, as a fraction of its light.
  func record(
    photons: Double = 0, frames: Int, flicker: Double = 0, seed: UInt64, shift: Double = 0,
    width: Int? = nil
  ) -> FormulaMovie {
    let maps = maps
    return FormulaMovie(width: maps.width, height: maps.height, frames: frames) { frame, pixel in
      var lamp = RandomStream(seed: seed, purpose: 1, index: frame)
      let light = photons * (1 + flicker * lamp.normal())
      var random = RandomStream(
        seed: seed, purpose: 2, index: frame * maps.width * maps.height + pixel)
      let electrons = Double(random.poisson(max(0, light)))
      let noise = Double(maps.variance[pixel]).squareRoot() * random.normal()
      let value =
        Double(maps.offset[pixel]) + shift + Double(maps.gain[pixel]) * electrons + noise
      return min(max(value.rounded(), 0), 65535)
    }
  }
}
