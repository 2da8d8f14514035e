import Microscopy
import Optics

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
    /// Matched filter with the images of the PSF that is fitted, at several heights; the threshold is a
    /// signal over noise.
    case psf

    /// Those that need no PSF.
    package static let withoutPSF = allCases.filter { $0 != .psf }
  }

  /// What is subtracted before spots are looked for; fits always use the raw pixels.
  public enum Background: String, Codable, CaseIterable, Sendable {
    case none
    /// The rolling median of each pixel over time.
    case temporalMedian = "temporal_median"
  }

  public var detector: Detector = .wavelet
  /// dog: factor of the cut-off, median + factor · (q80 − q20)/0.6 of a frame's maxima; gradient: net
  /// gradient in camera counts; wavelet: factor of the first wavelet plane's standard deviation; psf:
  /// signal over noise.
  public var threshold: Double = 1.2
  /// Inner σ of the difference of Gaussians, px; the outer is 2.5 times as wide.
  public var sigma: Double = 1.2
  /// Two spots are at least this many pixels apart, plus one; psf: or as far as its side maxima reach.
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
    case .wavelet: 1.2
    case .psf: 5
    }
  }

  /// Takes the detector that goes with a PSF: its own shape where it has several peaks, each of which
  /// other detectors take for a molecule.
  public mutating func choose(for psf: CalibratedPSF, box: Int) {
    guard psf.problem == nil, PSFTemplates(psf, side: box).hasSeveralPeaks else { return }
    detector = .psf
    threshold = Self.defaultThreshold(.psf)
  }

  enum CodingKeys: String, CodingKey {
    case detector, threshold, sigma, radius, background
    case medianWindow = "median_window"
  }
}
