/// How spots are found in a frame.
public struct DetectionSettings: Codable, Hashable, Sendable {
  /// The filter that makes spots stand out.
  public enum Detector: String, Codable, CaseIterable, Sendable {
    /// Difference of two Gaussians with a cut-off from each frame's own maxima (SMAP).
    case dog
    /// Picasso's net gradient on the frame as the camera gave it.
    case gradient
    /// Undecimated B-spline wavelet, order 3, scale 2 (ThunderSTORM's default).
    case wavelet
  }

  /// What is subtracted before spots are looked for; fits always use the raw pixels.
  public enum Background: String, Codable, CaseIterable, Sendable {
    case none
    /// The rolling median of each pixel over time.
    case temporalMedian = "temporal_median"
  }

  public var detector: Detector = .dog
  /// dog: factor of the cut-off, median + factor · (q80 − q20)/0.6 of a frame's maxima; gradient: net
  /// gradient in camera counts; wavelet: factor of the first wavelet plane's standard deviation.
  public var threshold: Double = 1.7
  /// Inner σ of the difference of Gaussians, px; the outer is 2.5 times as wide.
  public var sigma: Double = 1.2
  /// Two spots are at least this many pixels apart, plus one.
  public var radius: Int = 2
  public var background: Background = .none
  /// Frames of the temporal median.
  public var medianWindow: Int = 51

  public init() {}

  /// The threshold that a detector starts with.
  public static func defaultThreshold(_ detector: Detector) -> Double {
    switch detector {
    case .dog: 1.7
    case .gradient: 5000
    case .wavelet: 1.5
    }
  }

  enum CodingKeys: String, CodingKey {
    case detector, threshold, sigma, radius, background
    case medianWindow = "median_window"
  }
}
