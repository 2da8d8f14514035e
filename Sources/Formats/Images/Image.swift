/// A picture in memory: one value per pixel, in row-major order from the top.
public struct Image: Hashable, Sendable {
  public let width: Int
  public let height: Int
  public var pixels: [Float]
  /// Pixel size in the sample plane, nm; nil if unknown.
  public var pixelSize: Double?

  public init(width: Int, height: Int, pixels: [Float], pixelSize: Double? = nil) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height, "a picture has one value per pixel"
    )
    self.width = width
    self.height = height
    self.pixels = pixels
    self.pixelSize = pixelSize
  }
}

/// The values of black and white. Values between are mapped linearly; NaN is black.
public enum Contrast: Hashable, Sendable {
  /// Black is 0; white is this quantile of the pixels above 0.
  case quantile(Double)
  /// Black and white are the limits of the range.
  case range(ClosedRange<Float>)

  /// Sparse pictures are dominated by a few bright pixels, so half a percent may saturate.
  public static let standard = Contrast.quantile(0.995)

  /// The values of black and white in a picture.
  func limits(of image: Image) -> (black: Float, white: Float) {
    switch self {
    case .range(let range): return (range.lowerBound, range.upperBound)
    case .quantile(let share):
      var values = image.pixels.filter { $0 > 0 && $0.isFinite }
      guard !values.isEmpty else { return (0, 1) }
      values.sort()
      let place = Int((Double(values.count - 1) * min(max(share, 0), 1)).rounded())
      return (0, values[place])
    }
  }
}
