import Foundation
import Microscopy
import Reporting

/// How much the pixels of an sCMOS sensor differ from each other.
///
/// Offset and gain are normally distributed. The variance of the read noise is log-normal with the
/// camera's as median: a few pixels are much noisier than the rest, as on real sensors (Huang et
/// al., 2013).
public struct SensorVariation: Codable, Hashable, Sendable {
  /// Standard deviation of the offset, ADU.
  public var offset: Double
  /// Standard deviation of the gain, as a fraction of the camera's.
  public var gain: Double
  /// Standard deviation of the natural logarithm of the read variance.
  public var variance: Double

  public init(offset: Double = 2, gain: Double = 0.02, variance: Double = 0.8) {
    self.offset = offset
    self.gain = gain
    self.variance = variance
  }

  /// Maps of a sensor around `camera`; the same seed gives the same sensor.
  public func maps(around camera: Camera, width: Int, height: Int, seed: UInt64) -> CameraMaps {
    var random = RandomStream(seed: seed, purpose: StreamPurpose.sensor)
    let read = camera.readNoise * camera.gain
    var (offsets, variances, gains) = ([Float](), [Float](), [Float]())
    for _ in 0..<width * height {
      offsets.append(Float(camera.offset + offset * random.normal()))
      variances.append(Float(read * read * exp(variance * random.normal())))
      // Limited to four standard deviations, so that the gain is positive for every spread that
      // `check` accepts.
      gains.append(Float(camera.gain * (1 + gain * min(max(random.normal(), -4), 4))))
    }
    return CameraMaps(
      width: width, height: height, offset: offsets, variance: variances, gain: gains)
  }

  func check() throws(SettingsError) {
    try demand(offset >= 0 && offset <= 1e4, "sensor.offset", "\(offset) ADU is not in 0...1e4")
    try demand(gain >= 0 && gain <= 0.2, "sensor.gain", "\(gain) is not in 0...0.2")
    try demand(variance >= 0 && variance <= 5, "sensor.variance", "\(variance) is not in 0...5")
  }
}
