import Foundation
import Microscopy
import Optics

/// One point of the sweep over photons, background and noise, for a PSF that depends on z.
struct AxialCondition: Codable, Hashable, Sendable {
  enum PSF: String, Codable, CaseIterable, Sendable { case astigmatic, spline }
  enum Noise: String, Codable, CaseIterable, Sendable {
    /// Photon noise only.
    case none
    /// 1.5 e⁻ rms in every pixel.
    case scalar
    /// Each pixel has its own variance, distributed as on a real sensor: median 1.3 e⁻², mean 3,
    /// one pixel in ten above 4.8, one in a hundred above 38.
    case scmos
    /// The same, fitted with the mean variance instead of the map.
    case mapless
    /// An EM register of gain 300 before 74.4 e⁻ rms (the SMLM challenge's camera): each
    /// photoelectron becomes an exponentially distributed number.
    case emccd
  }

  var psf: PSF
  var photons: Double
  /// Photons per pixel.
  var background: Double
  var noise: Noise
  /// Side of the fitted square, px.
  var box: Int

  /// Excess noise factor F².
  var excess: Double { noise == .emccd ? 2 : 1 }

  /// True z is in this range, nm; fits may go 100 nm further.
  static let range = -500.0...500.0

  static func model(_ psf: PSF) throws -> CalibratedPSF {
    switch psf {
    case .astigmatic: .astigmatic(.typical)
    case .spline: .spline(try SplinePSF(sampling: AstigmaticPSF.typical, side: 23, zStep: 20))
    }
  }

  /// `count` boxes of photoelectrons at 256 positions, with variance maps if the noise has them.
  /// For an EM register they are divided by F², as fits expect.
  ///
  /// The true PSF is the fitted one, so that only the fit is tested.
  func draw(_ count: Int, psf: CalibratedPSF, seed: UInt64) -> (spots: [Spot], maps: [[Double]]) {
    var random = RandomStream(seed: seed)
    let places = (0..<256).map { i in
      AxialPlace(self, psf, &random, fraction: (Double(i) + 0.5) / 256)
    }
    var maps: [[Double]] = []
    let spots = (0..<count).map { i in
      let place = places[i % places.count]
      maps.append(place.variance)
      let pixels = zip(place.expected, place.variance).map { mean, variance in
        let electrons = Double(random.poisson(max(mean, 0)))
        let seen = noise == .emccd && electrons > 0 ? random.gamma(shape: electrons) : electrons
        return Float((seen + variance.squareRoot() * random.normal()) / excess)
      }
      return Spot(pixels: pixels, truth: place.truth, bound: place.bound)
    }
    return (spots, maps)
  }
}

/// A position, its expected image and noise, and the bounds of a fit there.
private struct AxialPlace {
  let truth: [Double]
  let expected: [Double]
  let variance: [Double]
  let bound: [Double]

  init(
    _ condition: AxialCondition, _ psf: CalibratedPSF, _ random: inout RandomStream,
    fraction: Double
  ) {
    let box = condition.box
    let centre = Double(box / 2)
    let range = AxialCondition.range
    let z = range.lowerBound + fraction * (range.upperBound - range.lowerBound)
    let (x, y) = (random.uniform() - 0.5, random.uniform() - 0.5)
    truth = [x, y, condition.photons, condition.background, z, 0]
    expected = psf.shares(
      columns: 0..<box, rows: 0..<box, x: centre + x, y: centre + y, z: z
    ).map { condition.photons * $0.value + condition.background }
    switch condition.noise {
    case .none: variance = Array(repeating: 0, count: box * box)
    case .scalar: variance = Array(repeating: 2.25, count: box * box)
    case .emccd: variance = Array(repeating: pow(74.4 / 300, 2), count: box * box)
    case .scmos, .mapless:
      variance = (0..<box * box).map { _ in Double(Float(Self.sensorVariance(random.uniform()))) }
    }
    let bound = CramerRaoBound(
      psf: psf, x: centre + x, y: centre + y, z: z, photons: condition.photons,
      background: condition.background, box: box,
      noise: PixelNoise(excess: condition.excess, readVariance: variance))
    self.bound = axialParameters.map { $0.flatMap { bound?[$0] } ?? .nan }
  }

  /// The variance, e⁻², that a given fraction of the sensor's pixels does not exceed.
  private static func sensorVariance(_ share: Double) -> Double {
    let quantiles = [
      (0, 0.7), (0.1, 1.0), (0.5, 1.3), (0.75, 1.9), (0.9, 4.8), (0.99, 38), (0.999, 114), (1, 235),
    ]
    let upper = quantiles.dropLast().lastIndex { $0.0 <= share }! + 1
    let ((p, low), (q, high)) = (quantiles[upper - 1], quantiles[upper])
    return low * pow(high / low, (share - p) / (q - p))
  }
}

/// The order of the parameters in a fit of z.
let axialParameters: [Quantity?] = [.x, .y, .photons, .background, .z, nil]
