import Microscopy
import Reporting

/// What simulated examples look like: short movies of blinking emitters.
///
/// A range is drawn from once for each movie, so that a network learns all conditions in it.
package struct ExampleSettings: Codable, Hashable, Sendable {
  /// Size of a frame, px.
  package var height = 40
  package var width = 40
  /// Frames of a movie.
  package var length = 8
  /// Movies of a batch.
  package var movies = 8
  /// Pixel in the sample plane, nm.
  package var pixelSize = 100.0
  /// Emitters that shine in a frame, per µm².
  package var density = DrawnRange(0.2, 2)
  /// Mean time that an emitter shines, frames.
  package var lifetime = DrawnRange(1, 3)
  /// Share of movies whose emitters switch between frames, so that none shines in a part of one.
  package var wholeFrames = 0.0
  /// Photons of an emitter in a whole frame, and the standard deviation of their logarithm.
  package var photons = DrawnRange(500, 5000, logarithmic: true)
  package var spread = DrawnRange(0, 0.3)
  package var psf = PSF.gaussian(sigma: DrawnRange(1.0, 1.4))
  /// Photons per pixel.
  package var background = DrawnRange(5, 100, logarithmic: true)
  /// How uneven the background is: the standard deviation of its logarithm, about.
  package var unevenness = DrawnRange(0)
  /// The standard deviation of the logarithm of a measured background.
  package var levelError = 0.1
  /// Variance of the read noise, photoelectrons².
  package var readVariance = DrawnRange(1, 4)
  /// Maps of a camera, at least as large as a frame. With them `readVariance` is their median.
  package var camera: ExampleFile<CameraMaps>?
  package var hotPixels: HotPixels?
  /// Share of movies from a camera with electron multiplication.
  package var multiplied = 0.0
  /// Emitters with fewer photons in a frame are drawn, but are no targets, nor are those whose
  /// photons are less than `leastSignal` times the noise of the pixels under them, √(4πσ²(b + v)).
  package var leastPhotons = 50.0
  package var leastSignal = 3.0
  /// For a network that learns from spectral images of single molecules; nil for movies.
  package var spectra: SpectrumSettings?

  package init() {}

  var frames: Int { movies * length }
  /// Distances of the values that an uneven background interpolates, px: the largest that divide
  /// both sides of a frame and are at most 20 and 10.
  var grids: [Int] {
    [20, 10].map { most in
      (1...most).last { height % $0 == 0 && width % $0 == 0 } ?? 1
    }
  }

  /// Factor from the z of the PSF's calibration to that of emitters and tables.
  var indexFactor: Double { psf.calibrated?.axial.indexFactor ?? 1 }

  /// Heights of emitters, nm: the range of the PSF's calibration.
  var heights: DrawnRange {
    let range = psf.calibrated?.zRange ?? 0...0
    return DrawnRange(range.lowerBound * indexFactor, range.upperBound * indexFactor)
  }

  /// Mean number of emitters of a movie: those that start in it, and those that started before and
  /// may still shine.
  func emitters(density: Double, lifetime: Double) -> Double {
    let area = Double(height * width) * pixelSize * pixelSize * 1e-6
    return density * area * (Double(length) + Self.before * lifetime) / (lifetime + 1)
  }

  /// Emitters start up to this many lifetimes before a movie; e⁻⁵ shine longer.
  static let before = 5.0

  /// Emitters that a movie has room for: the largest mean, and five standard deviations.
  var room: Int {
    let mean = [lifetime.from, lifetime.to].map { emitters(density: density.to, lifetime: $0) }
      .max()!
    return Int((mean + 5 * mean.squareRoot()).rounded(.up)) + 4
  }
}
