import Formats
import Localization
import Microscopy
import Reporting

/// A recipe with the files that it names, made from everything that was said.
///
/// An option wins over the recipe, the recipe over what a file says (a PSF, a camera), and that over the
/// default. A camera file that is named by an option counts as that option: it wins over the recipe's numbers.
public struct RecipeSources: Sendable {
  public let recipe: Recipe
  /// As large as the movie's sensor, or as the part that it shows.
  public let maps: CameraMaps?
  /// What the PSF file holds; nil where no z is fitted.
  public let psf: CalibratedPSF?
  /// What a file chose, and which: "box 13 px, chosen by the PSF".
  public let choices: [Message]
  /// An option that has no place beside the network that was asked for.
  public let optionBesideNetwork: SettingName?

  /// - Parameters:
  ///   - options: what the caller says.
  ///   - file: a recipe to start from.
  /// - Throws: `SettingsError` for what cannot be; what is wrong with a file.
  public init(_ options: Statement = Statement(.option), over file: RecipeFile? = nil) throws {
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
    var form = SettingsForm(said + camera)
    var recipe = Recipe()
    try recipe.exchange(&form)
    // A recipe holds scalars itself, and names a file only for maps.
    if maps == nil { recipe.cameraFile = nil }
    try recipe.camera.check(options, maps)
    self.recipe = recipe
    choices = form.entries.compactMap { entry in
      guard case .file(let who) = entry.origin, entry.facts.section != "camera" else { return nil }
      let unit = entry.facts.unit.isEmpty ? "" : " \(entry.facts.unit)"
      return "\(entry.facts.title) \(entry.value.words)\(unit), chosen by \(who)"
    }
    optionBesideNetwork = recipe.network == nil ? nil : options.firstUnused(form.used(of: 0))
  }

  /// Reads the camera file, and puts what it says in its place among the statements.
  ///
  /// - Returns: what the file of a recipe says, which comes after the rest; and maps.
  private static func camera(
    of said: inout [Statement]
  ) throws -> (last: [Statement], maps: CameraMaps?) {
    for (rank, statement) in said.enumerated() {
      guard let path = statement.value(of: Recipe.cameraFile) ?? nil else { continue }
      // What the file leaves out is taken from those who come after it.
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
  /// Throws `SettingsError` where the numbers cannot be a camera, or options contradict maps.
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
