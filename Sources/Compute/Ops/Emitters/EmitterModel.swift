import CPUKernels

/// What a multi-emitter fit assumes: the PSF, the noise, and the brightness of molecules.
package struct EmitterModel: Hashable, Codable, Sendable {
  /// Widths of the Gaussian PSF, px; with `astigmatism` they are not used.
  package var sigmaX: Float
  package var sigmaY: Float
  /// Widths that depend on z; then z is a parameter of every molecule.
  package var astigmatism: Astigmatism?
  /// Whether `astigmatism` stands for the width of each molecule.
  package private(set) var widthIsFree = false
  /// Variance of Gaussian noise, counts squared; used without a map.
  package var noise: Float
  /// Counts and variances are divided by this, if the noise is larger than the camera explains.
  package var noiseScale: Float = 1
  /// Photons of a typical molecule, and the relative width of their distribution; nil if every
  /// molecule may have any brightness.
  package var brightness: Brightness?
  /// Likelihood ratio from which a molecule is looked for; one that stands alone must reach it.
  package var candidate: Float = 24
  /// Molecules with fewer photons are left out.
  package var leastPhotons: Float

  /// A log-normal distribution of photons.
  package struct Brightness: Hashable, Codable, Sendable {
    package var photons: Float
    package var spread: Float

    package init(photons: Float, spread: Float) {
      self.photons = photons
      self.spread = spread
    }
  }

  package init(
    sigmaX: Float, sigmaY: Float? = nil, noise: Float = 0, leastPhotons: Float = 0,
    brightness: Brightness? = nil
  ) {
    self.sigmaX = sigmaX
    self.sigmaY = sigmaY ?? sigmaX
    self.noise = noise
    self.leastPhotons = leastPhotons
    self.brightness = brightness
  }

  /// A Gaussian whose widths depend on z.
  package init(
    _ astigmatism: Astigmatism, noise: Float = 0, leastPhotons: Float = 0,
    brightness: Brightness? = nil
  ) {
    self.init(sigmaX: 1, noise: noise, leastPhotons: leastPhotons, brightness: brightness)
    self.astigmatism = astigmatism
  }

  /// A Gaussian with a width of its own for each molecule, near `sigma`, px.
  ///
  /// The width takes the place of z: it is `sigma` times `relativeWidth(at: z)`.
  package init(
    freeWidth sigma: Float, noise: Float = 0, leastPhotons: Float = 0,
    brightness: Brightness? = nil
  ) {
    self.init(
      sigmaX: sigma, noise: noise, leastPhotons: leastPhotons, brightness: brightness)
    let curve = Astigmatism.Curve(centre: 0, scale: 1000, rooted: false, [sigma, sigma])
    astigmatism = Astigmatism(x: curve, y: curve, lowestZ: -350, highestZ: 700)
    widthIsFree = true
  }

  /// The width that stands for a height, in widths of the model.
  package static func relativeWidth(at height: Double) -> Double {
    1 + relativeWidthPerHeight * height
  }

  package static let relativeWidthPerHeight = 0.001

  /// The smallest width in the range of z along an axis, px.
  package var narrowest: Double {
    guard let astigmatism, !widthIsFree else { return Double(min(sigmaX, sigmaY)) }
    let range = Double(astigmatism.lowestZ)...Double(astigmatism.highestZ)
    return (0...50).map { step in
      let share = Double(step) / 50
      let widths = widths(at: range.lowerBound + share * (range.upperBound - range.lowerBound))
      return min(widths.x.sigma, widths.y.sigma)
    }.min() ?? 1
  }

  /// The parameters of a molecule.
  var parameters: Int { astigmatism == nil ? 3 : 4 }

  /// Half of a window beyond which a molecule is not added, in widths, and its limit, px.
  var window: Float { astigmatism == nil ? 3.7 : 3.2 }
  var widestWindow: Int { astigmatism == nil ? 20 : 11 }

  /// Widths at z, px, with their slopes.
  package func widths(at z: Double) -> (
    x: (sigma: Double, slope: Double), y: (sigma: Double, slope: Double)
  ) {
    guard let astigmatism else { return ((Double(sigmaX), 0), (Double(sigmaY), 0)) }
    return (astigmatism.x.width(at: z), astigmatism.y.width(at: z))
  }

  var label: String {
    (widthIsFree ? "σ near \(sigmaX)" : astigmatism?.label ?? "σ \(sigmaX)")
      + (brightness.map { ", \($0.photons) photons" } ?? "")
  }
}
