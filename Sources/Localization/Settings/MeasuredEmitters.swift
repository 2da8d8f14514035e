import Reporting

/// What a fit of several emitters measures on a movie before it starts.
///
/// It is written into the recipe, so that runs on a part of the movie, resumed runs and cluster tasks
/// use the same values.
public struct MeasuredEmitters: Hashable, Sendable {
  /// The number of frames, spread evenly over the movie, on which this was measured; nil if it was
  /// not measured yet.
  public var frames: Int?
  /// The noise variance of the movie divided by the one that its camera explains; 1 if it agrees.
  public var noiseFactor: Double?
  /// Width of the PSF, px; nil if it was stated.
  public var sigma: Double?
  /// Photons of a typical molecule in a frame; nil if too few molecules stand alone.
  public var photons: Double?
  /// The relative width of the distribution of photons; nil if it is too wide to be of use.
  public var spread: Double?

  public init() {}
}

extension MeasuredEmitters: SettingGroup {
  public static let frames = Setting<Int?>(
    .measured, in: "measured", field: "frames", of: "several emitters", standard: nil,
    allowed: .optional(.within(1...1_000_000)),
    "number of frames, spread evenly over the movie, on which the following was measured")
  public static let noiseFactor = Setting<Double?>(
    .measured, in: "measured", field: "noise_factor", of: "several emitters", standard: nil,
    allowed: .optional(.within(1...1e6)),
    "noise variance of the movie divided by that of its camera, where the camera cannot explain it")
  public static let sigma = Setting<Double?>(
    .measured, in: "measured", field: "psf_sigma", of: "several emitters", unit: "px",
    standard: nil,
    allowed: EmitterSettings.sigma.allowed, "width of the PSF, if it was not stated")
  public static let photons = Setting<Double?>(
    .measured, in: "measured", field: "photons", of: "several emitters", unit: "photons",
    standard: nil, allowed: .optional(.within(1e-3...1e9)),
    "brightness of a typical molecule in a frame")
  public static let spread = Setting<Double?>(
    .measured, in: "measured", field: "photon_spread", of: "several emitters", standard: nil,
    allowed: .optional(.within(0.02...0.5)),
    "relative width of the distribution of brightness; omitted if it is wide")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.frames, &frames)
    try form.field(Self.noiseFactor, &noiseFactor)
    try form.field(Self.sigma, &sigma)
    try form.field(Self.photons, &photons)
    try form.field(Self.spread, &spread)
  }
}
