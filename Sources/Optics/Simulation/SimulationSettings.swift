import Microscopy

/// Everything that makes a simulated movie; the same settings give the same movie, pixel by pixel.
///
/// Example: 40 fresh emitters of 1000 photons in each of 1000 frames:
/// ```swift
/// var settings = SimulationSettings(width: 256, height: 256, frames: 1000)
/// settings.blinking = .independent(perFrame: 40)
/// settings.photons = .fixed(1000)
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
  public var scene: Scene
  public var blinking: Blinking
  public var photons: PhotonLaw
  public var background: Background
  public var camera: Camera
  /// How the sensor's pixels differ from `camera`; nil for a sensor whose pixels are all alike.
  public var sensor: SensorVariation?
  public var seed: UInt64

  public init(
    width: Int, height: Int, frames: Int, pixelSize: Double = 100,
    psf: GaussianPSF = GaussianPSF(sigma: 1.3), scene: Scene = .uniform,
    blinking: Blinking = .independent(perFrame: 10), photons: PhotonLaw = .fixed(1000),
    background: Background = .flat(10),
    camera: Camera = Camera(offset: 100, gain: 2, quantumEfficiency: 0.9, readNoise: 1.5),
    sensor: SensorVariation? = nil, seed: UInt64 = 1
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
    self.sensor = sensor
    self.seed = seed
  }

  /// Throws `SimulationError` for the first setting that is impossible.
  public func check() throws(SimulationError) {
    for (name, value) in [("width", width), ("height", height)] where !(1...32768 ~= value) {
      throw SimulationError(name, "\(value) is not in 1...32768 px")
    }
    guard frames >= 1 else { throw SimulationError("frames", "\(frames) must be at least 1") }
    try demand(pixelSize > 0, "pixelSize", "\(pixelSize) nm must be greater than 0")
    for (name, sigma) in [("psf.sigmaX", psf.sigmaX), ("psf.sigmaY", psf.sigmaY)] {
      try demand(
        sigma >= 0.1 && sigma <= 100, name, "\(sigma) px is not in 0.1...100",
        hint: "σ is in pixels; most microscopes have 1.0 to 1.6")
    }
    try scene.check()
    try blinking.check()
    try photons.check()
    try background.check()
    if let problem = camera.problem { throw SimulationError("camera", problem) }
    if let sensor {
      try sensor.check()
      try demand(
        camera.emGain == 1, "sensor", "describes an sCMOS sensor, but the camera has EM gain",
        hint: "set camera.emGain to 1, or sensor to nil")
    }
    let rows = blinking.expectedRows(frames: frames)
    try demand(
      rows < 1e9, "blinking", "would make about \(rows) rows of truth",
      hint: "ask for fewer frames or fewer molecules")
  }
}

/// Throws unless `condition` holds; comparisons with NaN do not.
func demand(_ condition: Bool, _ setting: String, _ problem: String, hint: String? = nil)
  throws(SimulationError)
{
  guard condition else { throw SimulationError(setting, problem, hint: hint) }
}
