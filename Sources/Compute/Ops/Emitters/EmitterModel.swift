import CPUKernels

/// What a multi-emitter fit assumes: the PSF, the noise, and the brightness of molecules.
package struct EmitterModel: Hashable, Sendable {
  package let image: Image
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

  /// The image of a molecule.
  package enum Image: Hashable, Sendable {
    /// A Gaussian of these widths, px.
    case gaussian(sigmaX: Float, sigmaY: Float)
    /// A Gaussian with a width of its own for each molecule, near `sigma`, px.
    ///
    /// The width takes the place of z: it is `sigma` times `relativeWidth(at: z)`.
    case freeWidth(sigma: Float)
    /// A Gaussian whose widths depend on z.
    case astigmatic(Astigmatism)
    /// A spline; its box is the widest window.
    case spline(SplineModel, SplineExtent)
  }

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
    _ image: Image, noise: Float = 0, leastPhotons: Float = 0, brightness: Brightness? = nil
  ) {
    self.image = image
    self.noise = noise
    self.leastPhotons = leastPhotons
    self.brightness = brightness
  }

  /// The width that stands for a height, in widths of the model.
  package static func relativeWidth(at height: Double) -> Double {
    1 + relativeWidthPerHeight * height
  }

  package static let relativeWidthPerHeight = 0.001

  /// Widths as functions of z.
  var widths: Astigmatism {
    func curve(_ coefficients: Float...) -> Astigmatism.Curve {
      Astigmatism.Curve(centre: 0, scale: 1000, rooted: false, coefficients)
    }
    switch image {
    case .gaussian(let sigmaX, let sigmaY):
      return Astigmatism(x: curve(sigmaX), y: curve(sigmaY), lowestZ: 0, highestZ: 0)
    case .freeWidth(let sigma):
      let both = curve(sigma, sigma)
      return Astigmatism(x: both, y: both, lowestZ: -350, highestZ: 700)
    case .astigmatic(let widths): return widths
    case .spline(_, let extent): return extent.widths
    }
  }

  /// The widths if z is a parameter of every molecule.
  var axial: Astigmatism? {
    if case .gaussian = image { return nil }
    return widths
  }

  /// The smallest width in the range of z along an axis, px.
  package var narrowest: Double {
    if case .freeWidth(let sigma) = image { return Double(sigma) }
    return widths.sampled().min() ?? 1
  }

  /// The parameters of a molecule.
  var parameters: Int { axial == nil ? 3 : 4 }

  /// Half of a window beyond which a molecule is not added, in widths, and its limit, px.
  var window: Float { axial == nil ? 3.7 : 3.2 }
  var widestWindow: Int {
    switch image {
    case .gaussian: 20
    case .freeWidth, .astigmatic: 11
    case .spline(let spline, _): spline.box / 2
    }
  }

  /// Half of the window of a molecule at z, px.
  func reach(at z: Double) -> (x: Int, y: Int) {
    func limited(_ reach: Double) -> Int { min(Int(reach) + 1, widestWindow) }
    if case .spline(_, let extent) = image {
      let reach = limited(extent.reach.width(at: z).sigma)
      return (reach, reach)
    }
    let (x, y) = widths(at: z)
    return (limited(Double(window) * x.sigma), limited(Double(window) * y.sigma))
  }

  /// Widths at z, px, with their slopes.
  package func widths(at z: Double) -> (
    x: (sigma: Double, slope: Double), y: (sigma: Double, slope: Double)
  ) {
    let widths = self.widths
    return (widths.x.width(at: z), widths.y.width(at: z))
  }

  var label: String {
    let image =
      switch self.image {
      case .gaussian(let sigma, _): "σ \(sigma)"
      case .freeWidth(let sigma): "σ near \(sigma)"
      case .astigmatic(let widths): widths.label
      case .spline(let spline, _): spline.label
      }
    return image + (brightness.map { ", \($0.photons) photons" } ?? "")
  }
}

extension EmitterModel.Image {
  /// A spline with the coefficients `grid` (`SplineModel.grid`), in windows that are no wider than
  /// its box.
  package static func spline(_ model: SplineModel, grid: Tensor) -> Self {
    let extent = SplineExtent(SplineImage(model: model, grid: grid.values))
    var model = model
    model.box = min(model.box, 2 * extent.widestWindow + 1)
    return .spline(model, extent)
  }
}

extension Astigmatism {
  /// Heights at even steps through the range of z.
  func heights(_ steps: Int) -> [Double] {
    (0...steps).map { step in
      let share = Double(step) / Double(steps)
      return Double(lowestZ) + share * (Double(highestZ) - Double(lowestZ))
    }
  }

  /// The widths along both axes at heights through the range of z.
  func sampled() -> [Double] {
    heights(50).flatMap { [x.width(at: $0).sigma, y.width(at: $0).sigma] }
  }
}
