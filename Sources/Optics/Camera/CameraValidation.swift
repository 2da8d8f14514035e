import Foundation
import Microscopy

/// Compares maps of a sensor with dark frames that were recorded later.
///
/// A pixel is out of tolerance if its mean or variance differs by more than four standard errors
/// and by more than is relevant: a tenth of the sensor's read noise, or a fifth of the variance.
public struct CameraValidation: Codable, Hashable, Sendable {
  /// Limits beyond which maps are no longer valid.
  public struct Limits: Codable, Hashable, Sendable {
    /// Median shift of the offset, as a fraction of the median read noise. An offset error of δ ADU
    /// adds δ / gain photons of background to every pixel.
    public var drift = 0.25
    /// Median ratio of variances, in either direction. Another readout mode exceeds it at once.
    public var varianceRatio = 1.25
    /// Fraction of the pixels out of tolerance.
    public var outside = 0.02
    /// Share of the pixels that a thousand became hot.
    public var newHot = 0.001

    public init() {}
  }

  public let frames: Int
  /// Median of new minus old offset, ADU.
  public let drift: Double
  /// Median of the read noise of the maps, ADU.
  public let readNoise: Double
  /// Median of new over old variance.
  public let varianceRatio: Double
  /// Fractions of the pixels whose offset, variance, or either is out of tolerance.
  public let offsetOutside: Double
  public let varianceOutside: Double
  public let outside: Double
  /// Pixels that are hot now but were not before.
  public let newHotPixels: [CameraCalibration.HotPixel]
  /// How the frames contradict the maps; empty if they agree.
  public private(set) var contradictions: [String]
  public var agrees: Bool { contradictions.isEmpty }

  enum CodingKeys: String, CodingKey {
    case frames, drift
    case readNoise = "read_noise"
    case varianceRatio = "variance_ratio"
    case offsetOutside = "offset_outside"
    case varianceOutside = "variance_outside"
    case outside
    case newHotPixels = "new_hot_pixels"
    case contradictions
  }

  /// - Parameters:
  ///   - maps: the maps to check.
  ///   - errors: standard errors of the maps; nil treats the maps as exact.
  ///   - dark: statistics of dark frames of the same size as the maps.
  ///   - limits: the deviations that are accepted.
  /// - Throws: `CameraCalibrationError` for other sizes and for too few frames.
  package init(
    of maps: CameraMaps, errors: CameraMaps?, by dark: PixelMoments, limits: Limits = Limits()
  ) throws(CameraCalibrationError) {
    guard dark.width == maps.width, dark.height == maps.height else {
      throw .otherSensor(
        maps: "\(maps.width)×\(maps.height)", frames: "\(dark.width)×\(dark.height)")
    }
    guard dark.frames >= CameraCalibration.leastDarkFrames else {
      throw .tooFewFrames(
        kind: "dark", frames: dark.frames, least: CameraCalibration.leastDarkFrames)
    }
    let pixels = dark.mean.indices
    let variances = maps.variance.map(Double.init)
    let median = variances.median
    readNoise = variances.map { $0.squareRoot() }.median
    let shifts = pixels.map { dark.mean[$0] - Double(maps.offset[$0]) }
    // A pixel without any variance in the map (a dead one) is compared with the median.
    let ratios = pixels.map { dark.variance[$0] / (variances[$0] > 0 ? variances[$0] : median) }
    var (offsets, spreads, either) = (0, 0, 0)
    var hot: [CameraCalibration.HotPixel] = []
    for pixel in pixels {
      let offsetError = Double(errors?.offset[pixel] ?? 0)
      let meanError = (variances[pixel] / Double(dark.frames) + offsetError * offsetError)
        .squareRoot()
      let varianceError =
        variances[pixel] > 0 ? Double(errors?.variance[pixel] ?? 0) / variances[pixel] : 0
      let logError = (2 / Double(dark.frames - 1) + varianceError * varianceError).squareRoot()
      let isShifted = abs(shifts[pixel]) > 4 * meanError + 0.1 * readNoise
      let isOther = abs(log(max(ratios[pixel], 1e-12))) > 4 * logError + log(1.2)
      offsets += isShifted ? 1 : 0
      spreads += isOther ? 1 : 0
      either += isShifted || isOther ? 1 : 0
      if dark.variance[pixel] > CameraCalibration.hotFactor * median,
        variances[pixel] <= CameraCalibration.hotFactor / 2 * median
      {
        hot.append(
          CameraCalibration.HotPixel(
            x: pixel % dark.width, y: pixel / dark.width, reasons: [.noisy],
            offset: dark.mean[pixel], variance: dark.variance[pixel]))
      }
    }
    let count = Double(pixels.count)
    frames = dark.frames
    drift = shifts.median
    varianceRatio = ratios.median
    (offsetOutside, varianceOutside) = (Double(offsets) / count, Double(spreads) / count)
    outside = Double(either) / count
    newHotPixels = hot
    contradictions = []
    contradictions = contradictions(limits, pixels: count)
  }

  private func contradictions(_ limits: Limits, pixels count: Double) -> [String] {
    var lines: [String] = []
    if abs(drift) > limits.drift * readNoise {
      lines.append(
        String(format: "the offset has moved by %+.2f ADU (read noise %.2f ADU)", drift, readNoise))
    }
    if !(1 / limits.varianceRatio...limits.varianceRatio ~= varianceRatio) {
      lines.append(
        String(
          format: "the variance is %.2f times that of the maps: the readout mode, "
            + "exposure or temperature may differ", varianceRatio))
    }
    if outside > limits.outside {
      lines.append(String(format: "%.1f %% of the pixels differ from the maps", 100 * outside))
    }
    if Double(newHotPixels.count) > max(3, limits.newHot * count) {
      lines.append("\(newHotPixels.count) pixels have become hot")
    }
    return lines
  }
}
