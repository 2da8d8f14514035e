import CPUKernels

/// The model of a spot: a Gaussian PSF, its free parameters, and the estimator.
public struct SpotModel: Hashable, Codable, Sendable {
  /// Which widths are free.
  public enum Sigmas: String, Hashable, Codable, Sendable, CaseIterable {
    /// Free parameters: x, y, photons, background.
    case fixed
    /// Also one width.
    case free
    /// Also one width per axis.
    case elliptical
  }

  public enum Estimator: String, Hashable, Codable, Sendable, CaseIterable {
    case maximumLikelihood = "mle"
    case leastSquares = "lsq"
  }

  public enum Pixels: String, Hashable, Codable, Sendable, CaseIterable {
    /// The PSF integrated over each pixel.
    case integrated
    /// The PSF's density at the pixel's centre, as in some other programs.
    case sampled
  }

  package var sigmas: Sigmas
  package var estimator: Estimator
  package var pixels: Pixels
  /// Widths that depend on z. Then the parameters are x, y, photons, background, z (nm), and
  /// `sigmas` and the widths below are ignored.
  package var astigmatism: Astigmatism?
  /// Side of the box, pixels, odd, 3 to 31.
  package var box: Int
  /// Widths, pixels: start values if free, fixed values otherwise. A shared width starts at
  /// `sigmaX`.
  package var sigmaX: Float
  package var sigmaY: Float
  /// Variance of Gaussian noise in the spots' unit squared; used without a noise map.
  package var noise: Float

  package init(
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

  /// A Gaussian whose widths depend on z, fitted by maximum likelihood.
  package init(_ astigmatism: Astigmatism, box: Int, noise: Float = 0) {
    self.init(box: box, sigmaX: 1, noise: noise)
    self.astigmatism = astigmatism
  }

  /// Number of columns of fit results: x, y (px from the centre of the box's central pixel),
  /// photons, background (per pixel), sigma x, sigma y (px); for a PSF that depends on z instead z
  /// (nm), 0.
  package static let columns = Int(GLINT_SPOT_PARAMETERS)

  /// Types of the results of `capacity` fits: parameters, evaluations, states.
  static func fits(_ capacity: Int) -> [TensorType] {
    [
      TensorType(.float32, capacity, columns), TensorType(.int32, capacity),
      TensorType(.int32, capacity),
    ]
  }

  /// Types of the quality of fits: variances as sums of two floats, deviances, reduced χ².
  static func worths(_ capacity: Int) -> [TensorType] {
    [
      TensorType(.float32, capacity, columns, 2), TensorType(.float32, capacity),
      TensorType(.float32, capacity),
    ]
  }

  /// Number of free parameters, which are the first columns; a shared width is column 4, repeated
  /// in 5.
  package var parameters: Int {
    if astigmatism != nil { return 5 }
    return switch sigmas {
    case .fixed: 4
    case .free: 5
    case .elliptical: 6
    }
  }

  /// Start values of the widths.
  var start: (x: Float, y: Float) { (sigmaX, sigmas == .free ? sigmaX : sigmaY) }

  var label: String {
    if let astigmatism { return "\(astigmatism.label) box \(box) noise \(noise)" }
    return
      "\(sigmas) \(estimator.rawValue) \(pixels) box \(box) σ \(start.x)/\(start.y) noise \(noise)"
  }

  /// Defines for OpenCL kernels with what the CPU's kernel gets as parameters.
  var defines: [String: String] {
    [
      "BOX": "\(box)", "PARAMETERS": "\(parameters)",
      "LEAST_SQUARES": estimator == .leastSquares ? "1" : "0",
      "SAMPLED": pixels == .sampled ? "1" : "0", "PSF": astigmatism == nil ? "0" : "1",
    ]
  }

  /// Bytes of scratch for `boxes` boxes with the widest vectors.
  func scratch(boxes: Int) -> Int { boxes * box * box * 64 }

  func kernelParameters(
    capacity: Int, flags: Bool, noiseMap: Bool, iterations: Int = 0, tolerance: Float = 0
  ) -> glint_fit_params {
    var p = glint_fit_params()
    p.parameters = Int32(parameters)
    p.least_squares = estimator == .leastSquares ? 1 : 0
    p.sampled = pixels == .sampled ? 1 : 0
    p.psf = astigmatism == nil ? 0 : 1
    p.box = Int32(box)
    p.capacity = Int32(capacity)
    p.has_flags = flags ? 1 : 0
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

  /// Throws unless the kernels support the model.
  func check(_ op: String) throws(ShapeError) {
    if let astigmatism {
      guard estimator == .maximumLikelihood, pixels == .integrated else {
        throw ShapeError(
          op, "z can be fitted only by maximum likelihood with integrated pixels",
          hint: "choose a PSF without z for \(estimator.rawValue) with \(pixels) pixels")
      }
      try astigmatism.check(op, box: box)
    }
    guard sigmaX > 0.1, sigmaY > 0.1, sigmaX <= Float(box), sigmaY <= Float(box), noise >= 0,
      noise.isFinite
    else {
      throw ShapeError(
        op, "widths of \(sigmaX) and \(sigmaY) px with noise variance \(noise) cannot be fitted",
        hint:
          "widths must lie between 0.1 px and the box, and the noise variance must not be negative")
    }
  }
}
