import Microscopy
import Reporting

/// All settings of a simulated movie; the same settings give the same movie, pixel by pixel.
///
/// Example: 40 fresh emitters of 1000 photons in each of 1000 frames:
/// ```swift
/// var settings = SimulationSettings(width: 256, height: 256, frames: 1000)
/// settings.blinking = .independent(perFrame: 40)
/// settings.photons = .fixed(photons: 1000)
/// let movie = try Simulation(settings)
/// ```
public struct SimulationSettings: Codable, Hashable, Sendable {
  /// Size of a frame, pixels.
  public var width: Int
  public var height: Int
  public var frames: Int
  /// Camera pixel in the sample plane, nm.
  public var pixelSize: Double
  public var psf: GaussianPSF
  /// A PSF that depends on z; it replaces `psf`.
  public var depthPSF: DepthPSF?
  /// Heights of the molecules, uniformly distributed, nm; nil for all at 0.
  public var zRange: ClosedRange<Double>?
  /// All molecules move through the focus, frame by frame: a bead stack.
  public var zStack: ZStack?
  public var scene: Scene
  public var blinking: Blinking
  public var photons: PhotonLaw
  public var background: Background
  public var camera: Camera
  /// Maps of a sensor, instead of the camera's offset, gain and read noise; the caller reads the
  /// file.
  public var cameraFile: String?
  /// How the sensor's pixels differ from `camera`; nil if all pixels are equal.
  public var sensor: SensorVariation?
  public var seed: UInt64

  public init(
    width: Int, height: Int, frames: Int, pixelSize: Double = 100,
    psf: GaussianPSF = GaussianPSF(sigma: 1.3), scene: Scene = .uniform,
    blinking: Blinking = .independent(perFrame: 10), photons: PhotonLaw = .fixed(photons: 1000),
    background: Background = .flat(level: 10),
    camera: Camera = Camera(offset: 100, gain: 2, quantumEfficiency: 0.9, readNoise: 1.5),
    cameraFile: String? = nil, sensor: SensorVariation? = nil, depthPSF: DepthPSF? = nil,
    zRange: ClosedRange<Double>? = nil, zStack: ZStack? = nil, seed: UInt64 = 1
  ) {
    self.width = width
    self.height = height
    self.frames = frames
    self.pixelSize = pixelSize
    self.psf = psf
    self.scene = scene
    self.blinking = blinking
    self.photons = photons
    self.background = background
    self.camera = camera
    self.cameraFile = cameraFile
    self.sensor = sensor
    self.depthPSF = depthPSF
    self.zRange = zRange
    self.zStack = zStack
    self.seed = seed
  }

  enum CodingKeys: String, CodingKey {
    case width, height, frames
    case pixelSize = "pixel_size"
    case cameraFile = "camera_file"
    case depthPSF = "depth_psf"
    case zRange = "z_range"
    case zStack = "z_stack"
    case psf, scene, blinking, photons, background, camera, sensor, seed
  }

  public static let side = Setting(
    .size, title: "a side of", unit: "px", standard: 256, allowed: .within(1...16384),
    "frame width and height; with camera maps, their size if omitted")
  public static let frames = Setting(
    .frames, standard: 500, allowed: .within(1...100_000_000), "number of frames")
  public static let sigma = Setting(
    .psfSigma, title: "psf σ", unit: "px", standard: 1.2, allowed: .within(0.1...100),
    "standard deviation σ of the PSF", remedy: "most microscopes have 1.0 to 1.6 px")
  /// A range of a few nm is probably in µm.
  public static let zRange = Setting<ClosedRange<Double>?>(
    .zRange, title: "z range", unit: "nm", standard: nil,
    allowed: .optional(
      Allowed("within ±100000, and at least 10 wide") {
        let width = $0.upperBound - $0.lowerBound
        return $0.lowerBound >= -1e5 && $0.upperBound <= 1e5 && (width >= 10 || width == 0)
      }),
    "range of the molecules' z; for a bead stack, its first and last plane")

  /// Throws `SettingsError` for the first invalid setting.
  public func check() throws(SettingsError) {
    try Self.side.check(width)
    try Self.side.check(height)
    try Self.frames.check(frames)
    try FieldOfView.pixelSize.check(pixelSize)
    try Self.sigma.check(psf.sigmaX)
    try Self.sigma.check(psf.sigmaY)
    try Self.zRange.check(zRange)
    try checkDepth()
    try scene.check()
    try blinking.check()
    try photons.check()
    try background.check()
    try demand(camera.problem, of: "camera")
    if let sensor {
      try sensor.check()
      try demand(
        camera.emGain == 1, "sensor", "describes an sCMOS sensor, but the camera has EM gain",
        hint: "an EMCCD has one amplifier: omit the EM gain or the maps")
    }
    let events = blinking.expectedEvents(frames: frames)
    try demand(
      events < 1e9, "blinking", "would create about \(events) events",
      hint: "use fewer frames or fewer molecules")
  }
}

extension SimulationSettings {
  /// Whether molecules have heights.
  public var hasDepth: Bool { depthPSF != nil || zRange != nil || zStack != nil }

  /// The heights that occur, nm.
  var depths: ClosedRange<Double> {
    let own = zRange ?? 0...0
    guard let zStack else { return own }
    let last = zStack.first + Double(frames - 1) * zStack.step
    return own.lowerBound + min(zStack.first, last)...own.upperBound + max(zStack.first, last)
  }

  private func checkDepth() throws(SettingsError) {
    try ZStack.step.check(zStack?.step)
    try demand(zStack?.first.isFinite ?? true, "z_stack", "does not start at a number")
    let depths = depths
    try demand(
      depths.lowerBound >= -1e5 && depths.upperBound <= 1e5, "z",
      "reaches from \(depths.lowerBound) to \(depths.upperBound) nm, beyond ±100000 nm")
    switch depthPSF {
    case .astigmatic(let psf):
      try demand(psf.problem, of: "the PSF")
    case .pupil(let psf):
      try demand(psf.problem, of: "the PSF")
      try demand(
        depths.lowerBound >= -10_000 && depths.upperBound <= 10_000, "z",
        "reaches beyond the ±10 µm that a pupil's image is computed for")
    case .lobes(let psf):
      try demand(psf.problem, of: "the PSF")
      try demand(
        depths.lowerBound >= -10_000 && depths.upperBound <= 10_000, "z",
        "reaches beyond the ±10 µm that lobes are drawn for")
    case .file, nil: break
    }
  }
}

/// Throws unless `condition` is true; comparisons with NaN are false.
func demand(_ condition: Bool, _ setting: String, _ problem: String, hint: Message? = nil)
  throws(SettingsError)
{
  guard condition else {
    throw SettingsError("cannot simulate: \(setting) \(problem)", hint: hint)
  }
}

/// Throws if a part of the settings has a problem.
private func demand(_ problem: String?, of part: String) throws(SettingsError) {
  if let problem { throw SettingsError("cannot simulate: \(part): \(problem)", hint: nil) }
}
