import Localization
import Microscopy
import Reporting

/// All settings of a localization run. It is written into every output, so that the run can be
/// repeated.
public struct Recipe: Hashable, Sendable {
  /// Camera pixel in the sample plane, nm; nil if nothing states it.
  public var pixelSize = Self.pixelSize.standard
  public var camera = Camera()
  /// Path of the camera file if maps are used; its scalars are in `camera`.
  public var cameraFile: String?
  /// Region of the mapped sensor that the movie shows; nil to use the movie's metadata, or for maps
  /// of the movie's size.
  public var cameraRegion: PixelRegion?
  public var localizer = Localizer.spots(LocalizationSettings())
  /// The planes to read of a movie with several channels, slices, positions or series.
  public var planes: [PlaneAxis: PlaneChoice] = [:]
  public var firstFrame = Self.firstFrame.standard
  /// The frame after the last; nil for the end of the movie.
  public var endFrame: Int?
  /// Region of interest; nil for whole frames.
  public var roi: PixelRegion?
  /// How molecules are found.
  public enum Localizer: Hashable, Sendable {
    /// Spots are detected and fitted.
    case spots(LocalizationSettings)
    /// Overlapping molecules are found and fitted together.
    case emitters(EmitterSettings)
    case network(NetworkSettings)
  }

  public init() {}

  /// Detection and fit; the defaults while a network is used. Setting them replaces the network.
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

  /// nil unless overlapping molecules are fitted together.
  public var emitters: EmitterSettings? {
    if case .emitters(let settings) = localizer { return settings }
    return nil
  }

  /// The PSF file that gives z; nil without z.
  public var psf: PSFFile? {
    switch localizer {
    case .spots(let settings): settings.fit.psf
    case .emitters(let settings): settings.psf
    case .network: nil
    }
  }

  /// The source of z; nil without a PSF.
  public var axial: FitSettings.Axial? { psf == nil ? nil : fit.axial ?? .fitted }

  /// nil if no network is used. Setting a network replaces detection and fit.
  public var network: NetworkSettings? {
    get {
      if case .network(let settings) = localizer { return settings }
      return nil
    }
    set { localizer = newValue.map(Localizer.network) ?? .spots(settings) }
  }

  /// Memory limit of a network run, bytes.
  var networkMemory: Int { (network?.memory ?? NetworkSettings.memory.standard) << 20 }

  /// Files that the recipe names, other than the movie.
  public var files: [String] {
    let localizer =
      if case .network(let settings) = localizer { settings.weights } else { psf?.path }
    return [cameraFile, localizer].compactMap { $0 }.filter { !$0.isEmpty }
  }
}

extension Recipe: SettingGroup {
  public static let pixelSize = Setting<Double?>(
    .pixelSize, unit: "nm", standard: nil, allowed: .optional(FieldOfView.pixelSize.allowed),
    "pixel size in the sample plane; the movie's own if omitted",
    remedy: FieldOfView.pixelSize.facts.remedy)
  public static let cameraFile = Setting<String?>(
    .camera, field: "camera_file", standard: nil,
    "camera file: scalars (.yaml, .json) or per-pixel maps (Picasso .hdf5, .npy, 3-page TIFF)")
  public static let cameraRegion = Setting<PixelRegion?>(
    .cameraRegion, unit: "px", standard: nil,
    "[x, y, width, height] of the movie on the mapped sensor; taken from the movie if omitted")
  /// The settings that choose planes, by axis.
  public static let planes: [(axis: PlaneAxis, setting: Setting<PlaneChoice?>)] = [
    (.channel, Self.channel), (.slice, Self.slice), (.position, Self.position),
    (.series, Self.series),
  ]
  public static let channel = plane(.channel, "channel of a movie with several")
  public static let slice = plane(.slice, "slice of a stack with several")
  public static let position = plane(.position, "position of a movie with several")
  public static let series = plane(.series, "image series of a file with several")

  private static func plane(_ name: SettingName, _ meaning: String) -> Setting<PlaneChoice?> {
    Setting(
      name, standard: nil,
      "\(meaning): its number from 1, its name, or `all` to read them as frames")
  }

  /// Above the frames of any movie.
  private static let mostFrames = 1_000_000_000_000
  public static let firstFrame = Setting(
    .frames, field: "first_frame", standard: 0, allowed: .within(0...mostFrames),
    "first frame, counted from 0")
  public static let endFrame = Setting<Int?>(
    .frames, field: "end_frame", standard: nil, allowed: .optional(.within(0...mostFrames)),
    "frame after the last; the end of the movie if omitted")
  public static let roi = Setting<PixelRegion?>(
    .roi, unit: "px", standard: nil, "[x, y, width, height] to localize; whole frames if omitted")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.pixelSize, &pixelSize)
    try camera.exchange(&form)
    try form.field(Self.cameraFile, &cameraFile)
    try form.field(Self.cameraRegion, &cameraRegion)
    try localizer.exchange(&form)
    for (axis, setting) in Self.planes { try form.field(setting, &planes[axis]) }
    try form.field(Self.firstFrame, &firstFrame)
    try form.field(Self.endFrame, &endFrame)
    try form.field(Self.roi, &roi)
  }
}

extension Recipe.Localizer: SettingGroup {
  /// A network is used if its name or its weights are given, and several emitters are fitted if
  /// that is stated.
  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    if case .spots = self {
      let name = try form.stated(NetworkSettings.name) ?? nil
      let weights = try form.stated(NetworkSettings.weights) ?? nil
      if name != nil || weights != nil {
        self = .network(NetworkSettings(weights: ""))
      } else if try form.stated(FitSettings.emitters) == .multi {
        self = .emitters(EmitterSettings())
      }
    }
    switch self {
    case .emitters(var settings):
      try settings.exchange(&form)
      self = .emitters(settings)
    case .spots(var settings):
      try settings.exchange(&form)
      self = .spots(settings)
    case .network(var settings):
      try settings.exchange(&form)
      self = .network(settings)
    }
  }
}

/// Why a recipe cannot be used.
public struct RecipeError: Fault {
  public let message: Message

  public init(_ message: Message) { self.message = message }

  public var remedy: Message? { "\(.printRecipe) shows every field with its meaning" }
}
