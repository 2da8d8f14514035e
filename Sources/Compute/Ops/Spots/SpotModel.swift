import CPUKernels

/// What is fitted to a spot: a Gaussian PSF, which of its parameters are free, and by which estimator.
public struct SpotModel: Hashable, Codable, Sendable {
  /// Which widths are free.
  public enum Sigmas: String, Hashable, Codable, Sendable, CaseIterable {
    /// x, y, photons, background.
    case fixed
    /// And one width.
    case free
    /// And a width per axis.
    case elliptical
  }

  public enum Estimator: String, Hashable, Codable, Sendable, CaseIterable {
    case maximumLikelihood = "mle"
    case leastSquares = "lsq"
  }

  public enum Pixels: String, Hashable, Codable, Sendable, CaseIterable {
    /// The PSF integrated over each pixel.
    case integrated
    /// Its density at the pixel's centre, as some other programs take it.
    case sampled
  }

  public var sigmas: Sigmas
  public var estimator: Estimator
  public var pixels: Pixels
  /// Widths that follow z: then the parameters are x, y, photons, background, z (nm), and `sigmas` and
  /// the widths below are not used.
  public var astigmatism: Astigmatism?
  /// Side of the box in pixels, odd, 3 to 31.
  public var box: Int
  /// Widths in pixels: where they are free the start, otherwise the value. One shared width starts
  /// from `sigmaX`.
  public var sigmaX: Float
  public var sigmaY: Float
  /// Variance of Gaussian noise in the spots' unit squared, where no map gives it.
  public var noise: Float

  public init(
    _ sigmas: Sigmas = .elliptical, _ estimator: Estimator = .maximumLikelihood,
    _ pixels: Pixels = .integrated, box: Int, sigmaX: Float, sigmaY: Float? = nil, noise: Float = 0
  ) {
    self.sigmas = sigmas
    self.estimator = estimator
    self.pixels = pixels
    self.box = box
    self.sigmaX = sigmaX
    self.sigmaY = sigmaY ?? sigmaX
    self.noise = noise
  }

  /// A Gaussian whose widths follow z, by maximum likelihood.
  public init(_ astigmatism: Astigmatism, box: Int, noise: Float = 0) {
    self.init(box: box, sigmaX: 1, noise: noise)
    self.astigmatism = astigmatism
  }

  /// Columns of every table of fits: x, y (px from the centre of the box's centre pixel), photons,
  /// background (per pixel), sigma x, sigma y (px); of a PSF that depends on z instead z (nm), 0.
  public static let columns = Int(GLINT_SPOT_PARAMETERS)

  /// What fits of `capacity` spots give: parameters, evaluations, states.
  static func fits(_ capacity: Int) -> [TensorType] {
    [
      TensorType(.float32, capacity, columns), TensorType(.int32, capacity),
      TensorType(.int32, capacity),
    ]
  }

  /// What they are worth: variances as sums of two floats, deviances, reduced χ².
  static func worths(_ capacity: Int) -> [TensorType] {
    [
      TensorType(.float32, capacity, columns, 2), TensorType(.float32, capacity),
      TensorType(.float32, capacity),
    ]
  }

  /// Free parameters: the first so many columns; a shared width is column 4, repeated in column 5.
  public var parameters: Int {
    if astigmatism != nil { return 5 }
    return switch sigmas {
    case .fixed: 4
    case .free: 5
    case .elliptical: 6
    }
  }

  /// Where a fit's widths start.
  var start: (x: Float, y: Float) { (sigmaX, sigmas == .free ? sigmaX : sigmaY) }

  var label: String {
    if let astigmatism { return "\(astigmatism.label) box \(box) noise \(noise)" }
    return
      "\(sigmas) \(estimator.rawValue) \(pixels) box \(box) σ \(start.x)/\(start.y) noise \(noise)"
  }

  /// What the CPU's kernel learns from its parameters, an OpenCL kernel learns from defines.
  var defines: [String: String] {
    [
      "BOX": "\(box)", "PARAMETERS": "\(parameters)",
      "LEAST_SQUARES": estimator == .leastSquares ? "1" : "0",
      "SAMPLED": pixels == .sampled ? "1" : "0", "PSF": astigmatism == nil ? "0" : "1",
    ]
  }

  /// Bytes of scratch for `boxes` boxes of the widest vectors.
  func scratch(boxes: Int) -> Int { boxes * box * box * 64 }

  func kernelParameters(
    capacity: Int, noiseMap: Bool, iterations: Int = 0, tolerance: Float = 0
  ) -> glint_fit_params {
    var p = glint_fit_params()
    p.parameters = Int32(parameters)
    p.least_squares = estimator == .leastSquares ? 1 : 0
    p.sampled = pixels == .sampled ? 1 : 0
    p.psf = astigmatism == nil ? 0 : 1
    p.box = Int32(box)
    p.capacity = Int32(capacity)
    p.has_noise_map = noiseMap ? 1 : 0
    p.noise_variance = noise
    p.sigma_x = start.x
    p.sigma_y = start.y
    p.max_iterations = Int32(iterations)
    p.tolerance = tolerance
    if let astigmatism {
      p.reach = Float(box) / 2
      p.setHeights(astigmatism.lowestZ, astigmatism.highestZ, astigmatism.heights)
      p.width_x = astigmatism.x.kernelCurve
      p.width_y = astigmatism.y.kernelCurve
    }
    return p
  }

  /// Throws unless the kernels can fit the model.
  func check(_ op: String) throws(ShapeError) {
    if let astigmatism {
      guard estimator == .maximumLikelihood, pixels == .integrated else {
        throw ShapeError(
          op, "z is fitted by maximum likelihood of integrated pixels only",
          hint: "choose another PSF for \(estimator.rawValue), \(pixels)")
      }
      try astigmatism.check(op, box: box)
    }
    guard sigmaX > 0.1, sigmaY > 0.1, sigmaX <= Float(box), sigmaY <= Float(box), noise >= 0,
      noise.isFinite
    else {
      throw ShapeError(
        op, "widths of \(sigmaX) and \(sigmaY) px with noise \(noise) cannot be fitted",
        hint:
          "widths must lie between 0.1 px and the box, and the noise variance must not be negative")
    }
  }
}
