import Reporting

/// The statistical model of a camera: how a pixel value depends on the photons that hit the pixel.
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
  /// Mean pixel value without light, ADU.
  public var offset: Double
  /// ADU per electron at the sensor's output (after the EM register, if there is one). It is the
  /// reciprocal of the "e⁻/ADU" in data sheets, and the unit of sCMOS gain maps.
  public var gain: Double
  /// Gain of the EM register; 1 means no EM register.
  public var emGain: Double
  /// Photoelectrons per photon, in (0, 1].
  public var quantumEfficiency: Double
  /// Read noise, electrons rms at the sensor's output (before division by `emGain`).
  public var readNoise: Double
  /// Pixel value at saturation, ADU; nil if only the file's pixel type limits it.
  public var saturation: Double?
  /// Whether the excess noise of the EM register applies: true if `emGain` exceeds 1.
  public var excessNoise: Double { emGain > 1 ? 2 : 1 }

  public init(
    offset: Double = Camera.offset.standard, gain: Double = Camera.gain.standard,
    emGain: Double = Camera.emGain.standard,
    quantumEfficiency: Double = Camera.quantumEfficiency.standard,
    readNoise: Double = Camera.readNoise.standard, saturation: Double? = nil
  ) {
    self.offset = offset
    self.gain = gain
    self.emGain = emGain
    self.quantumEfficiency = quantumEfficiency
    self.readNoise = readNoise
    self.saturation = saturation
  }

  /// The names in simulation settings; recipes and camera files use the same names.
  enum CodingKeys: String, CodingKey {
    case offset, gain
    case emGain = "em_gain"
    case quantumEfficiency = "qe"
    case readNoise = "read_noise"
    case saturation
  }

  /// Writes every field, so that readers of the file see all settings.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(offset, forKey: .offset)
    try container.encode(gain, forKey: .gain)
    try container.encode(emGain, forKey: .emGain)
    try container.encode(quantumEfficiency, forKey: .quantumEfficiency)
    try container.encode(readNoise, forKey: .readNoise)
    try container.encode(saturation, forKey: .saturation)
  }
}

extension Camera {
  /// Converts a pixel value to photons: (D − offset) / gain / quantum efficiency.
  ///
  /// - Parameters:
  ///   - adu: the value of one pixel, ADU.
  ///   - pixel: its index in the maps.
  ///   - maps: offset and gain of each pixel; they replace the camera's.
  public func photons(_ adu: Float, at pixel: Int, _ maps: CameraMaps?) -> Float {
    if let maps {
      return (adu - maps.offset[pixel]) / maps.gain[pixel] / Float(quantumEfficiency)
    }
    return (adu - Float(offset)) / Float(gain * emGain * quantumEfficiency)
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

  /// Each map holds `width · height` values in row-major order.
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

  /// The maps cropped to a region of interest; nil if the region extends beyond the sensor.
  public func cropped(to region: PixelRegion) -> CameraMaps? {
    guard region.isInside(width: width, height: height) else { return nil }
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

/// A rectangle of whole pixels; (`x`, `y`) is its first pixel, counted from 0.
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

  /// Whether it is not empty and lies within a frame of this size.
  public func isInside(width frame: Int, height rows: Int) -> Bool {
    x >= 0 && y >= 0 && width > 0 && height > 0 && x < frame && y < rows && width <= frame - x
      && height <= rows - y
  }
}
