import Microscopy

/// The noise of a box of pixels, in photoelectrons at the sensor's input.
///
/// A pixel with `n` expected photons has photoelectrons with mean `efficiency · n` and variance
/// `excess · efficiency · n + readVariance`.
package struct PixelNoise: Hashable, Sendable {
  /// Photoelectrons per photon.
  package var efficiency: Double
  /// 2 behind an EM register, else 1.
  package var excess: Double
  /// Read-noise variance, e⁻²: one value for all pixels, or one per pixel, row by row.
  package var readVariance: [Double]

  package init(efficiency: Double = 1, excess: Double = 1, readVariance: [Double] = [0]) {
    self.efficiency = efficiency
    self.excess = excess
    self.readVariance = readVariance
  }

  /// The same noise in every pixel.
  package init(_ camera: Camera) {
    let read = camera.readNoise / camera.emGain
    self.init(
      efficiency: camera.quantumEfficiency, excess: camera.excessNoise, readVariance: [read * read])
  }

  /// Each pixel's own variance, from maps of exactly the box.
  package init(_ maps: CameraMaps, quantumEfficiency: Double = 1) {
    self.init(
      efficiency: quantumEfficiency,
      readVariance: zip(maps.variance, maps.gain).map { Double($0) / (Double($1) * Double($1)) })
  }

  func readVariance(at pixel: Int) -> Double {
    readVariance.count == 1 ? readVariance[0] : readVariance[pixel]
  }
}
