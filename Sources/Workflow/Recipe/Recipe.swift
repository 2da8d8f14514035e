import Localization
import Microscopy

/// Everything that a localization run was told: written into every output, and able to repeat it.
public struct Recipe: Codable, Hashable, Sendable {
  /// Format of the recipe itself.
  public var recipe: Int = 1
  /// Camera pixel in the sample plane, nm.
  public var pixelSize: Double = 100
  public var camera = Camera()
  /// Path of the camera file, where maps are used; its scalars are in `camera`.
  public var cameraFile: String = ""
  /// Where on the sensor of the maps the movie was recorded: x, y, width, height in px; empty for what
  /// the movie says, or for maps of its own size.
  public var cameraRegion: [Int] = []
  /// Path of the PSF file; without one there is no z.
  public var psfFile: String = ""
  /// Factor from the PSF's z to the sample's, for the mismatch of refractive indices; 0 for the PSF
  /// file's own.
  public var refractiveIndexFactor: Double = 0
  public var detection = DetectionSettings()
  public var fit = FitSettings()
  /// A network in the place of detection and fit, where it has a name or weights.
  public var network = NetworkSettings()
  /// First frame, and the frame after the last; −1 for the movie's end.
  public var firstFrame: Int = 0
  public var endFrame: Int = -1
  /// x, y, width, height in px; empty for whole frames.
  public var roi: [Int] = []

  public init() {}

  public var settings: LocalizationSettings {
    var settings = LocalizationSettings()
    settings.detection = detection
    settings.fit = fit
    return settings
  }

  enum CodingKeys: String, CodingKey {
    case recipe
    case pixelSize = "pixel_size"
    case camera
    case cameraFile = "camera_file"
    case cameraRegion = "camera_roi"
    case psfFile = "psf_file"
    case refractiveIndexFactor = "refractive_index_factor"
    case detection, fit, network
    case firstFrame = "first_frame"
    case endFrame = "end_frame"
    case roi
  }
}

/// A recipe that cannot be followed.
public struct RecipeError: Error, CustomStringConvertible {
  public let what: String

  public init(_ what: String) { self.what = what }

  public var description: String {
    "\(what)\nhint: `glint localize --print-recipe` shows every field with its meaning"
  }
}
