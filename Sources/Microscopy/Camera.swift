/// A camera as statistics: how the digital number of a pixel follows from the photons that hit it.
///
/// A pixel that receives `n` photons gives `D = offset + gain · emGain · e`, where the photoelectrons
/// `e` are Poisson with mean `quantumEfficiency · n`, plus Gaussian read noise. An EMCCD's
/// multiplication register doubles the variance of `e` (`excessNoise` = 2).
///
/// Example: an sCMOS camera with 100 ADU offset, 2.17 ADU per electron, 1.6 e⁻ read noise:
/// ```swift
/// let camera = Camera(offset: 100, gain: 2.17, readNoise: 1.6)
/// ```
public struct Camera: Codable, Hashable, Sendable {
  /// Digital number of a pixel that saw no light, ADU.
  public var offset: Double
  /// ADU per photoelectron that leaves the sensor (after the EM register, where there is one).
  /// It is the reciprocal of the "e⁻/ADU" of a data sheet, and the unit of sCMOS gain maps.
  public var gain: Double
  /// Multiplication of the EM register; 1 means none.
  public var emGain: Double
  /// Photoelectrons per photon, in (0, 1].
  public var quantumEfficiency: Double
  /// Read noise, electrons rms at the sensor's output (before division by `emGain`).
  public var readNoise: Double
  /// Digital number at which a pixel is full, ADU; nil where only the file's pixel type limits it.
  public var saturation: Double?
  /// Whether the EM register's excess noise applies. On when `emGain` exceeds 1.
  public var excessNoise: Double { emGain > 1 ? 2 : 1 }

  public init(
    offset: Double = 0, gain: Double = 1, emGain: Double = 1, quantumEfficiency: Double = 1,
    readNoise: Double = 0, saturation: Double? = nil
  ) {
    self.offset = offset
    self.gain = gain
    self.emGain = emGain
    self.quantumEfficiency = quantumEfficiency
    self.readNoise = readNoise
    self.saturation = saturation
  }

  /// The names in recipes and settings, which are also those of camera files.
  enum CodingKeys: String, CodingKey {
    case offset, gain
    case emGain = "em_gain"
    case quantumEfficiency = "qe"
    case readNoise = "read_noise"
    case saturation
  }

  /// Writes every field, so that whoever reads a recipe sees what it can hold.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(offset, forKey: .offset)
    try container.encode(gain, forKey: .gain)
    try container.encode(emGain, forKey: .emGain)
    try container.encode(quantumEfficiency, forKey: .quantumEfficiency)
    try container.encode(readNoise, forKey: .readNoise)
    try container.encode(saturation, forKey: .saturation)
  }

  /// What makes the numbers impossible, or nil when they can be a camera.
  public var problem: String? {
    if !(offset.isFinite) { return "offset \(offset) is not a number of ADU" }
    if !(gain.isFinite && gain > 0) { return "gain \(gain) ADU/e⁻ must be greater than 0" }
    if !(emGain.isFinite && emGain >= 1) { return "EM gain \(emGain) must be at least 1" }
    if !(quantumEfficiency > 0 && quantumEfficiency <= 1) {
      return "quantum efficiency \(quantumEfficiency) must be in (0, 1]"
    }
    if !(readNoise.isFinite && readNoise >= 0) {
      return "read noise \(readNoise) e⁻ must be 0 or more"
    }
    if let saturation, !(saturation > offset) {
      return "saturation \(saturation) ADU must be above the offset of \(offset)"
    }
    return nil
  }
}

/// Per-pixel calibration of an sCMOS sensor, row-major, as wide and high as the movie it belongs to.
public struct CameraMaps: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// Mean of dark frames, ADU.
  public var offset: [Float]
  /// Variance of dark frames, ADU².
  public var variance: [Float]
  /// ADU per photoelectron.
  public var gain: [Float]

  /// Each map holds `width · height` values, row by row.
  public init(width: Int, height: Int, offset: [Float], variance: [Float], gain: [Float]) {
    precondition(
      offset.count == width * height && variance.count == width * height
        && gain.count == width * height, "a map has one value per pixel")
    self.width = width
    self.height = height
    self.offset = offset
    self.variance = variance
    self.gain = gain
  }

  /// The part of the sensor that a region of interest covers; nil where it leaves the sensor.
  public func cropped(to region: PixelRegion) -> CameraMaps? {
    guard region.x >= 0, region.y >= 0, region.x + region.width <= width,
      region.y + region.height <= height
    else { return nil }
    func crop(_ map: [Float]) -> [Float] {
      (region.y..<region.y + region.height).flatMap {
        map[$0 * width + region.x..<$0 * width + region.x + region.width]
      }
    }
    return CameraMaps(
      width: region.width, height: region.height, offset: crop(offset), variance: crop(variance),
      gain: crop(gain))
  }
}

/// A rectangle of whole pixels; `x`, `y` name its first pixel, counted from 0.
public struct PixelRegion: Codable, Hashable, Sendable {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}
