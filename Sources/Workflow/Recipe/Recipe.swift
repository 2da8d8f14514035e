import Localization
import Microscopy
import Reporting

/// Everything that a localization run was told: written into every output, and able to repeat it.
public struct Recipe: Hashable, Sendable {
  /// Camera pixel in the sample plane, nm.
  public var pixelSize = Self.pixelSize.standard
  public var camera = Camera()
  /// Path of the camera file, where maps are used; its scalars are in `camera`.
  public var cameraFile: String?
  /// Where on the sensor of the maps the movie was recorded; nil for what the movie says, or for maps of
  /// its own size.
  public var cameraRegion: PixelRegion?
  public var localizer = Localizer.spots(LocalizationSettings())
  public var firstFrame = Self.firstFrame.standard
  /// The frame after the last; nil for the movie's end.
  public var endFrame: Int?
  /// nil for whole frames.
  public var roi: PixelRegion?
  public var measured = Measured()

  /// How molecules are found.
  public enum Localizer: Hashable, Sendable {
    /// Spots are detected and fitted.
    case spots(LocalizationSettings)
    case network(NetworkSettings)
  }

  public init() {}

  /// Detection and fit; the usual ones while a network is used, which setting them replaces.
  public var settings: LocalizationSettings {
    get {
      if case .spots(let settings) = localizer { return settings }
      return LocalizationSettings()
    }
    set { localizer = .spots(newValue) }
  }

  public var detection: DetectionSettings {
    get { settings.detection }
    set { settings.detection = newValue }
  }

  public var fit: FitSettings {
    get { settings.fit }
    set { settings.fit = newValue }
  }

  /// nil where spots are fitted. Setting one replaces detection and fit.
  public var network: NetworkSettings? {
    get {
      if case .network(let settings) = localizer { return settings }
      return nil
    }
    set { localizer = newValue.map(Localizer.network) ?? .spots(settings) }
  }

  /// Bytes that a run of the network may take.
  var networkMemory: Int { (network?.memory ?? NetworkSettings.memory.standard) << 20 }

  /// Files besides the movie that the recipe names.
  public var files: [String] {
    let localizer =
      switch localizer {
      case .spots(let settings): settings.fit.psf?.path
      case .network(let settings): settings.weights
      }
    return [cameraFile, localizer].compactMap { $0 }
  }
}

extension Recipe: SettingGroup {
  public static let pixelSize = Setting(
    .pixelSize, unit: "nm", standard: 100.0, allowed: .above(0, upTo: 1e6),
    "pixel size in the sample plane",
    remedy: "\(.pixelSize) is the camera's pixel divided by the magnification, often near 100")
  public static let cameraFile = Setting<String?>(
    .camera, field: "camera_file", standard: nil,
    "camera file: scalars (.yaml, .json) or per-pixel maps (Picasso .hdf5, .npy, 3-page TIFF)")
  public static let cameraRegion = Setting<PixelRegion?>(
    .cameraRegion, unit: "px", standard: nil,
    "[x, y, width, height] of the movie on the mapped sensor; taken from the movie if omitted")
  public static let firstFrame = Setting(
    .frames, field: "first_frame", standard: 0, "first frame, counted from 0")
  public static let endFrame = Setting<Int?>(
    .frames, field: "end_frame", standard: nil,
    "frame after the last; the end of the movie if omitted")
  public static let roi = Setting<PixelRegion?>(
    .roi, unit: "px", standard: nil, "[x, y, width, height] to localize; whole frames if omitted")

  public mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.pixelSize, &pixelSize)
    try camera.exchange(&form)
    try form.field(Self.cameraFile, &cameraFile)
    try form.field(Self.cameraRegion, &cameraRegion)
    try localizer.exchange(&form)
    try form.field(Self.firstFrame, &firstFrame)
    try form.field(Self.endFrame, &endFrame)
    try form.field(Self.roi, &roi)
    try measured.exchange(&form)
  }
}

extension Recipe.Localizer: SettingGroup {
  /// A name or weights ask for a network.
  public mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    if case .spots = self {
      let name = try form.stated(NetworkSettings.name) ?? nil
      let weights = try form.stated(NetworkSettings.weights) ?? nil
      if name != nil || weights != nil { self = .network(NetworkSettings(weights: "")) }
    }
    switch self {
    case .spots(var settings):
      try settings.exchange(&form)
      self = .spots(settings)
    case .network(var settings):
      try settings.exchange(&form)
      self = .network(settings)
    }
  }
}

/// What a run measured on its movie before it began: written into the recipe, so that a part of the movie,
/// a run that goes on and the tasks of a cluster use the same numbers. Nothing is measured yet.
public struct Measured: SettingGroup, Hashable, Sendable {
  public init() {}

  /// A setting of the section `measured`, with the frames that it was measured on, goes here.
  public mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {}
}

/// A recipe that cannot be followed.
public struct RecipeError: Fault {
  public let message: Message

  public init(_ message: Message) { self.message = message }

  public var remedy: Message? { "\(.printRecipe) shows every field with its meaning" }
}
