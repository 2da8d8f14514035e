import Foundation
import Microscopy

/// How much the pixels of an sCMOS sensor differ from each other.
///
/// Offset and gain scatter as Gaussians, the variance of the read noise as a log-normal whose median is
/// the camera's: a few pixels are far noisier than the rest, as on real sensors (Huang et al., 2013).
public struct SensorVariation: Codable, Hashable, Sendable {
  /// Standard deviation of the offset, ADU.
  public var offset: Double
  /// Standard deviation of the gain, as a part of the camera's.
  public var gain: Double
  /// Standard deviation of the natural logarithm of the read variance.
  public var variance: Double

  public init(offset: Double = 2, gain: Double = 0.02, variance: Double = 0.8) {
    self.offset = offset
    self.gain = gain
    self.variance = variance
  }

  /// Maps of a sensor that scatters around `camera`; the same seed gives the same sensor.
  public func maps(around camera: Camera, width: Int, height: Int, seed: UInt64) -> CameraMaps {
    var random = RandomStream(seed: seed, purpose: StreamPurpose.sensor)
    let read = camera.readNoise * camera.gain
    var (offsets, variances, gains) = ([Float](), [Float](), [Float]())
    for _ in 0..<width * height {
      offsets.append(Float(camera.offset + offset * random.normal()))
      variances.append(Float(read * read * exp(variance * random.normal())))
      // Four standard deviations keep the gain positive for every spread that `check` lets pass.
      gains.append(Float(camera.gain * (1 + gain * min(max(random.normal(), -4), 4))))
    }
    return CameraMaps(
      width: width, height: height, offset: offsets, variance: variances, gain: gains)
  }

  func check() throws(SimulationError) {
    try demand(offset >= 0 && offset <= 1e4, "sensor.offset", "\(offset) ADU is not in 0...1e4")
    try demand(gain >= 0 && gain <= 0.2, "sensor.gain", "\(gain) is not in 0...0.2")
    try demand(variance >= 0 && variance <= 5, "sensor.variance", "\(variance) is not in 0...5")
  }
}
