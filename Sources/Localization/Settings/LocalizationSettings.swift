import Reporting

/// Everything that decides the rows of a table, given a movie and its camera.
public struct LocalizationSettings: Codable, Hashable, Sendable {
  public var detection = DetectionSettings()
  public var fit = FitSettings()

  public init() {}

  /// Checks the settings against each other and against the movie's size.
  ///
  /// Throws `SettingsError` with the first thing that cannot be.
  public func validate(width: Int, height: Int) throws(SettingsError) {
    func need(_ condition: Bool, _ what: Message, _ hint: Message) throws(SettingsError) {
      if !condition { throw SettingsError(what, hint: hint) }
    }
    try need(
      fit.box >= 3 && fit.box % 2 == 1 && fit.box <= 31, "box \(fit.box) must be odd and in 3...31",
      "use --box 7 for σ near 1.2 px, about 6σ + 1 elsewhere")
    try need(
      width >= fit.box && height >= fit.box,
      "a frame of \(width)×\(height) px is smaller than the box of \(fit.box) px",
      "use a smaller --box or a larger --roi")
    try need(
      fit.psfSigma.isFinite && fit.psfSigma >= 0.3 && fit.psfSigma <= Double(fit.box),
      "psf σ \(fit.psfSigma) px must be in 0.3...\(fit.box)", "σ ≈ 0.21 λ/NA ÷ pixel size")
    try need(
      detection.threshold.isFinite && detection.threshold >= 0,
      "threshold \(detection.threshold) must be 0 or more", "leave --threshold out for the default")
    try need(
      detection.sigma.isFinite && detection.sigma >= 0.3 && detection.sigma <= 10,
      "detection σ \(detection.sigma) px must be in 0.3...10", "it is about the PSF's σ")
    try need(
      (1...64).contains(detection.radius), "radius \(detection.radius) px must be in 1...64",
      "3 separates spots that are more than 3 px apart")
    try need(
      detection.medianWindow % 2 == 1 && (3...101).contains(detection.medianWindow),
      "median window of \(detection.medianWindow) frames must be odd and in 3...101",
      "51 frames is usual")
    try need(
      (1...1000).contains(fit.maxIterations),
      "max iterations \(fit.maxIterations) must be in 1...1000", "50 is plenty")
    try need(
      fit.tolerance > 0 && fit.tolerance < 1, "tolerance \(fit.tolerance) must be in (0, 1)",
      "0.1 leaves a few percent of the standard error")
  }
}

/// Settings that cannot work, with the way out.
public struct SettingsError: Fault, Equatable {
  public let message: Message
  public let remedy: Message?

  public init(_ message: Message, hint: Message) {
    self.message = message
    remedy = hint
  }
}
