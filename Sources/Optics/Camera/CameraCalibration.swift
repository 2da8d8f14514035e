import Foundation
import Microscopy

/// Offset, variance and gain of every pixel of a sensor, from dark frames and illuminated levels.
///
/// Offset and variance are the mean and variance of dark frames; gain is the slope of variance over
/// signal (`GainRegression`). Example:
/// ```swift
/// let dark = try PixelMoments(of: [Movies.open("dark.tif")])
/// var calibration = try CameraCalibration(dark: dark)
/// try calibration.add(PixelMoments(of: [Movies.open("bright.tif")]), file: "bright.tif")
/// let (maps, report) = try calibration.result()
/// ```
public struct CameraCalibration: Sendable {
  /// The result of one level of light.
  public struct Level: Codable, Hashable, Sendable {
    public var file = ""
    public var frames: Int
    /// Medians over the pixels: mean above the offset, ADU; variance above the dark one, ADU².
    public var signal: Double
    public var variance: Double
    /// Median of variance over signal, ADU/e⁻. If levels disagree, the sensor is not linear.
    public var gain: Double
    /// Standard deviation of the light from frame to frame, as a fraction of the signal; it is
    /// removed.
    public var flicker: Double
    /// Pixels excluded from this level: saturated, or no brighter than dark.
    public var saturated: Int
  }

  /// A pixel to treat with caution.
  public struct HotPixel: Codable, Hashable, Sendable {
    public enum Reason: String, Codable, Hashable, Sendable {
      /// Its variance is above `hotFactor` times the median.
      case noisy
      /// Its dark mean lies more than ten robust standard deviations above the median.
      case bright
      /// Its gain could not be measured and is the median of the others.
      case gainless
    }
    public var x: Int
    public var y: Int
    public var reasons: [Reason]
    /// ADU and ADU².
    public var offset: Double
    public var variance: Double
  }

  /// A map in three numbers: its median, the spread between pixels (robust standard deviation), and
  /// the median standard error of a pixel.
  public struct MapSummary: Codable, Hashable, Sendable {
    public var median: Double
    public var spread: Double
    public var error: Double
  }

  /// The measurement in numbers.
  public struct Report: Codable, Hashable, Sendable {
    public var width: Int
    public var height: Int
    public var darkFrames: Int
    /// ADU.
    public var offset: MapSummary
    /// ADU².
    public var variance: MapSummary
    /// ADU/e⁻.
    public var gain: MapSummary
    /// Median, e⁻ rms.
    public var readNoise: Double
    /// Standard deviation of the whole frame's offset over time, ADU.
    public var offsetWander: Double
    public var levels: [Level]
    public var hotPixels: [HotPixel]
    /// Warnings for the user of the maps.
    public var warnings: [String]

    enum CodingKeys: String, CodingKey {
      case width, height
      case darkFrames = "dark_frames"
      case offset, variance, gain
      case readNoise = "read_noise"
      case offsetWander = "offset_wander"
      case levels
      case hotPixels = "hot_pixels"
      case warnings
    }
  }

  /// Maps with the standard error of each value.
  public struct Maps: Sendable {
    public var values: CameraMaps
    public var errors: CameraMaps
  }

  /// Fewer dark frames are rejected; with 100, a variance has a standard error of 14 %.
  public static let leastDarkFrames = 100
  /// Fewer frames of a level are rejected.
  public static let leastBrightFrames = 20
  /// A pixel whose variance is this many times the median is hot.
  public static let hotFactor = 10.0

  private let dark: PixelMoments
  private let saturation: Double
  private var regression: GainRegression
  private var levels: [Level] = []

  /// - Parameters:
  ///   - dark: statistics of the dark frames.
  ///   - saturation: the highest value that a pixel can have, ADU.
  /// - Throws: `CameraCalibrationError.tooFewFrames`.
  package init(dark: PixelMoments, saturation: Double = 65535) throws(CameraCalibrationError) {
    guard dark.frames >= Self.leastDarkFrames else {
      throw .tooFewFrames(kind: "dark", frames: dark.frames, least: Self.leastDarkFrames)
    }
    self.dark = dark
    self.saturation = saturation
    regression = GainRegression(pixels: dark.mean.count)
  }

  /// Adds a level of light. `file` is its name in errors and in the report.
  ///
  /// Throws `CameraCalibrationError` if it is not a usable level.
  package mutating func add(_ level: PixelMoments, file: String) throws(CameraCalibrationError) {
    guard level.frames >= Self.leastBrightFrames else {
      throw .tooFewFrames(kind: "bright", frames: level.frames, least: Self.leastBrightFrames)
    }
    guard level.width == dark.width, level.height == dark.height else {
      throw .otherSensor(
        maps: "\(dark.width)×\(dark.height)", frames: "\(level.width)×\(level.height)")
    }
    let (bright, black) = (level.mean.median, dark.mean.median)
    // No calibration uses less light than half the read noise.
    guard bright - black > 0.5 * dark.variance.median.squareRoot(), bright > black else {
      throw .notBrighter(file: file, level: bright, dark: black)
    }
    guard level.highest.count(where: { Double($0) >= saturation }) * 2 < level.highest.count else {
      throw .saturated(file: file, saturation: saturation)
    }
    var seen = regression.add(level, dark: dark, saturation: saturation)
    seen.file = file
    levels.append(seen)
  }

  /// The maps, and the report about them.
  ///
  /// - Parameter stated: gain of every pixel, ADU/e⁻, for a calibration without levels of light.
  /// - Throws: `CameraCalibrationError.noGain` if neither is given.
  public func result(gain stated: Double? = nil) throws(CameraCalibrationError) -> (
    maps: Maps, report: Report
  ) {
    let (gains, gainErrors, isGainless) = try gains(stated)
    let frames = Double(dark.frames)
    let offsetErrors = dark.variance.map { ($0 / frames).squareRoot() }
    let varianceErrors = dark.variance.map { $0 * (2 / (frames - 1)).squareRoot() }
    func map(_ offset: [Double], _ variance: [Double], _ gain: [Double]) -> CameraMaps {
      CameraMaps(
        width: dark.width, height: dark.height, offset: offset.map(Float.init),
        variance: variance.map(Float.init), gain: gain.map(Float.init))
    }
    func summary(_ values: [Double], _ errors: [Double]) -> MapSummary {
      MapSummary(median: values.median, spread: values.robustSpread, error: errors.median)
    }
    var report = Report(
      width: dark.width, height: dark.height, darkFrames: dark.frames,
      offset: summary(dark.mean, offsetErrors), variance: summary(dark.variance, varianceErrors),
      gain: summary(gains, gainErrors),
      readNoise: gains.indices.map { dark.variance[$0].squareRoot() / gains[$0] }.median,
      offsetWander: dark.commonVariance.squareRoot(), levels: levels,
      hotPixels: hotPixels(isGainless), warnings: [])
    report.warnings = warnings(report)
    return (
      Maps(
        values: map(dark.mean, dark.variance, gains),
        errors: map(offsetErrors, varianceErrors, gainErrors)), report
    )
  }

  /// The gain of each pixel with its error, and which pixels have none of their own.
  private func gains(_ stated: Double?) throws(CameraCalibrationError) -> (
    values: [Double], errors: [Double], isGainless: [Bool]
  ) {
    let pixels = dark.mean.indices
    var isGainless = [Bool](repeating: false, count: pixels.count)
    guard !levels.isEmpty else {
      guard let stated, stated.isFinite, stated > 0 else { throw .noGain }
      return (pixels.map { _ in stated }, pixels.map { _ in 0 }, isGainless)
    }
    let fits = pixels.map { regression.gain(of: $0, dark: dark) }
    var (gains, errors) = (fits.map(\.value), fits.map(\.error))
    let known = gains.filter(\.isFinite).median
    guard known > 0 else { throw .noGain }
    // Reject slopes below a quarter or above four times the typical one, or with an error over a
    // half.
    for pixel in pixels
    where
      !(gains[pixel] > known / 4 && gains[pixel] < 4 * known && errors[pixel] < gains[pixel] / 2)
    {
      isGainless[pixel] = true
      (gains[pixel], errors[pixel]) = (known, known)
    }
    return (gains, errors, isGainless)
  }

  private func hotPixels(_ isGainless: [Bool]) -> [HotPixel] {
    let noisy = Self.hotFactor * dark.variance.median
    // On many sensors offsets agree to a fraction of an ADU, so the read noise is the minimum
    // spread.
    let spread = max(dark.mean.robustSpread, dark.variance.median.squareRoot())
    let bright = dark.mean.median + 10 * spread
    return dark.mean.indices.compactMap { pixel in
      var reasons: [HotPixel.Reason] = []
      if dark.variance[pixel] > noisy { reasons.append(.noisy) }
      if dark.mean[pixel] > bright { reasons.append(.bright) }
      if isGainless[pixel] { reasons.append(.gainless) }
      return reasons.isEmpty
        ? nil
        : HotPixel(
          x: pixel % dark.width, y: pixel / dark.width, reasons: reasons,
          offset: dark.mean[pixel], variance: dark.variance[pixel])
    }
  }

  private func warnings(_ report: Report) -> [String] {
    func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }
    var lines: [String] = []
    if dark.frames < 10_000 {
      lines.append(
        "\(dark.frames) dark frames: the variance of a pixel is known to "
          + percent((2 / Double(dark.frames - 1)).squareRoot()) + ", 10,000 would give 1.4 %")
    }
    if dark.variance.median == 0 {
      lines.append("the dark frames do not vary: they are not raw camera frames")
    }
    if report.offsetWander > 0.25 * report.variance.median.squareRoot() {
      lines.append(
        String(
          format: "the mean offset of frames varies by %.2f ADU: let the camera warm up",
          report.offsetWander))
    }
    let error = report.gain.error / report.gain.median
    if error > 0.03 {
      lines.append(
        "a pixel's gain is known to \(percent(error)), while pixels of a sensor differ by about "
          + "2 %: use more frames or more levels for a useful gain map")
    }
    let gains = levels.map(\.gain)
    if let low = gains.min(), let high = gains.max(), high > 1.05 * low {
      lines.append(
        String(format: "the gain differs between levels, from %.3f to %.3f ADU/e⁻: ", low, high)
          + "the sensor is not linear in this range, or the light was not constant")
    }
    for level in levels where level.saturated > report.width * report.height / 100 {
      lines.append("\(level.file): \(level.saturated) saturated pixels were excluded")
    }
    return lines
  }
}
