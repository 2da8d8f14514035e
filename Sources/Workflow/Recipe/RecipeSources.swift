import Formats
import Localization
import Microscopy
import Reporting

/// A recipe combined from all sources, with the contents of the files that it names.
///
/// Options override the recipe, the recipe overrides values from files (a PSF, a camera, the movie),
/// and those override the defaults. A camera file given as an option counts as an option: it overrides the
/// recipe's values.
public struct RecipeSources: Sendable {
  public let recipe: Recipe
  /// Camera maps of the size of the sensor, or of the part that the movie shows.
  public let maps: CameraMaps?
  /// The content of the PSF file; nil if z is not fitted.
  public let psf: CalibratedPSF?
  /// Settings chosen by a file, such as "box 13 px, chosen by the PSF", and warnings where files
  /// contradict them.
  public let choices: [Message]
  /// An option that does not apply to the requested network, or to a fit of several emitters; or one
  /// for such a fit, if that is not requested.
  public let unusedOption: SettingName?

  /// - Parameters:
  ///   - options: settings from the caller.
  ///   - file: a recipe to start from.
  ///   - movie: the movie, which may state its pixel size.
  /// - Throws: `SettingsError` for invalid settings; errors of reading the files.
  public init(
    _ options: Statement = Statement(.option), over file: RecipeFile? = nil, movie: MovieInfo? = nil
  ) throws {
    var said = [options] + (file.map { [$0.statement] } ?? [])
    let (camera, maps) = try Self.camera(of: &said)
    self.maps = maps
    let asksNetwork = said.contains {
      $0.value(of: NetworkSettings.name) ?? $0.value(of: NetworkSettings.weights) ?? nil != nil
    }
    psf =
      asksNetwork
      ? nil
      : try said.lazy.compactMap { $0.value(of: FitSettings.psfFile) ?? nil }.first
        .map { try CalibrationFiles.read($0) }
    if let psf { said.append(Statement(choicesOf: psf, after: said)) }
    var sizes = [("the PSF", psf?.pixelSize), ("the movie", movie?.pixelSize)].map { who, size in
      var statement = Statement(.file(who))
      statement.say(Recipe.pixelSize, size)
      return statement
    }
    said.append(sizes.removeFirst())
    var form = SettingsForm(said + camera + sizes)
    var recipe = Recipe()
    try recipe.exchange(&form)
    // A recipe contains the scalars itself, and names a file only for maps.
    if maps == nil { recipe.cameraFile = nil }
    try recipe.camera.check(options, maps)
    self.recipe = recipe
    let chosen: [Message] = form.entries.compactMap { entry in
      guard case .file(let who) = entry.origin, entry.facts.section != "camera" else { return nil }
      let unit = entry.facts.unit.isEmpty ? "" : " \(entry.facts.unit)"
      return "\(entry.facts.title) \(entry.value.words)\(unit), chosen by \(who)"
    }
    choices = chosen + [Recipe.doubt(recipe.pixelSize, movie: movie?.pixelSize)].compactMap { $0 }
    unusedOption =
      if case .spots = recipe.localizer {
        options.unused(form.used(of: 0)).first { [.brightness, .threshold].contains($0) }
      } else {
        options.unused(form.used(of: 0)).first
      }
  }

  /// Reads the camera file, and adds its values to the statements at their precedence.
  ///
  /// - Returns: the values from a recipe's camera file, which have the lowest precedence; and maps.
  private static func camera(
    of said: inout [Statement]
  ) throws -> (last: [Statement], maps: CameraMaps?) {
    for (rank, statement) in said.enumerated() {
      guard let path = statement.value(of: Recipe.cameraFile) ?? nil else { continue }
      // Values missing in the file are taken from sources of lower precedence.
      var below = Camera()
      var form = SettingsForm(Array(said[(rank + 1)...]), checks: false)
      if statement.origin == .option { try below.exchange(&form) }
      let (camera, maps) = try CameraFiles.read(path, scalars: below)
      if maps != nil { return ([], maps) }
      let scalars = Statement(.file("the camera file"), camera)
      if statement.origin == .option {
        said.insert(scalars, at: rank + 1)
        return ([], nil)
      }
      return ([scalars], nil)
    }
    return ([], nil)
  }
}

extension Camera {
  /// Throws `SettingsError` if the camera is invalid, or options contradict the maps.
  public func check(_ options: Statement, _ maps: CameraMaps?) throws(SettingsError) {
    if let problem {
      throw SettingsError(
        "the camera settings are invalid: \(problem)",
        hint: "check \(.offset), \(.gain) and the camera file")
    }
    let perPixel = [Self.offset, Self.gain, Self.readNoise]
    if maps != nil, perPixel.contains(where: { options[$0.facts.path] != nil }) {
      throw SettingsError(
        "\(.offset), \(.gain) and \(.readNoise) cannot be combined with the maps of \(.camera)",
        hint: "omit these values or the maps")
    }
  }
}
