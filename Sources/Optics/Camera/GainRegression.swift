import Microscopy

/// The gain of every pixel: the slope of variance over signal through the origin, level by level.
///
/// After Huang et al., Nat. Methods 10, 653 (2013): g = Σ w s v / Σ w s², with s the mean above the
/// offset and v the variance above the dark variance of a level. Weights are the inverse variance
/// of a sample variance of normal noise, w = (n − 1) / 2 (ḡ s + v₀)², with the sensor's typical
/// gain ḡ instead of the measured variance, whose scatter would bias the slope downwards. The
/// additional terms of Poisson noise in the variance of v, of s and in their covariance cancel.
struct GainRegression {
  /// Σ w s v, Σ w s², Σ w s and the number of levels used, for each pixel.
  private var slope: [Double]
  private var weight: [Double]
  private var lever: [Double]
  /// Estimated from the first level; the weights need it to a few percent only.
  private var typicalGain: Double?

  init(pixels: Int) {
    slope = Array(repeating: 0, count: pixels)
    weight = slope
    lever = slope
  }

  /// Adds a level and returns a summary of it.
  ///
  /// Variance common to all pixels (`commonVariance`, for example lamp flicker) is subtracted in
  /// proportion to the squared signal. Pixels that reached `saturation` are excluded from this
  /// level.
  mutating func add(
    _ level: PixelMoments, dark: PixelMoments, saturation: Double
  ) -> CameraCalibration.Level {
    let signal = zip(level.mean, dark.mean).map { $0 - $1 }
    let typicalSignal = signal.median
    let flicker = level.commonVariance / (typicalSignal * typicalSignal)
    let shot = signal.indices.map {
      level.variance[$0] - dark.variance[$0] - flicker * signal[$0] * signal[$0]
    }
    let isUsable = signal.indices.map {
      signal[$0] > 0 && Double(level.highest[$0]) < saturation
    }
    let used = signal.indices.filter { isUsable[$0] }
    let gain = used.map { shot[$0] / signal[$0] }.median
    let typical = typicalGain ?? gain
    if typical > 0 { typicalGain = typical }
    for pixel in used where typical > 0 {
      let expected = typical * signal[pixel] + dark.variance[pixel]
      let w = Double(level.frames - 1) / (2 * expected * expected)
      slope[pixel] += w * signal[pixel] * shot[pixel]
      weight[pixel] += w * signal[pixel] * signal[pixel]
      lever[pixel] += w * signal[pixel]
    }
    return CameraCalibration.Level(
      frames: level.frames, signal: typicalSignal, variance: shot.median, gain: gain,
      flicker: flicker.squareRoot(), saturated: signal.indices.count { !isUsable[$0] })
  }

  /// Slope and standard error of a pixel; NaN if no level was usable.
  ///
  /// The dark variance enters every level in the same way, so its error does not average out.
  func gain(of pixel: Int, dark: PixelMoments) -> (value: Double, error: Double) {
    let darkError = dark.variance[pixel] * (2 / Double(dark.frames - 1)).squareRoot()
    let common = lever[pixel] / weight[pixel] * darkError
    return (slope[pixel] / weight[pixel], (1 / weight[pixel] + common * common).squareRoot())
  }
}
