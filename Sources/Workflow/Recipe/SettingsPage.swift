import Localization
import Reporting

/// Lists every setting of a recipe, from its declaration.
extension Recipe {
  /// One recipe for each case that has its own fields.
  private static var cases: [Recipe] {
    var median = Recipe()
    median.detection.background = .temporalMedian(window: DetectionSettings.medianWindow.standard)
    var psf = Recipe()
    psf.fit.spot = .psf(PSFFile(""))
    var several = Recipe()
    several.localizer = .emitters(EmitterSettings())
    var network = Recipe()
    network.network = NetworkSettings(weights: "w")
    let detectors = Detector.Kind.allCases.map { kind in
      var recipe = Recipe()
      recipe.detection.detector = Detector(kind)
      return recipe
    }
    return detectors + [median, psf, several, network]
  }

  /// Every setting, in recipe order; several settings can have the same path, one per detector or
  /// model.
  package static let settingFacts: [SettingFacts] = {
    var seen: Set<SettingFacts> = []
    let all = cases.flatMap { $0.entries.map(\.facts) }.filter { seen.insert($0).inserted }
    let sections = ["", "camera", "detection", "fit", "network", "measured"]
    let ordered = sections.flatMap { section in all.filter { $0.section == section } }
    var paths: Set<String> = []
    return ordered.map(\.path).filter { paths.insert($0).inserted }
      .flatMap { path in ordered.filter { $0.path == path } }
  }()

  static let known = Dictionary(grouping: settingFacts, by: \.path)

  static func isSection(_ name: String) -> Bool {
    name == "measured" || settingFacts.contains { $0.section == name }
  }

  /// The page `Settings.md` of the documentation: a Markdown table of all settings.
  package static var settingsPage: String {
    var lines = [
      "# Settings", "",
      """
      All settings of a recipe, as written by `glint localize --print-recipe`. Command-line \
      options override the recipe, the recipe overrides values from files (a PSF, a camera, \
      weights), and those override the defaults. A test generates this page from the \
      declarations in the code (`GLINT_WRITE_PAGES=1 Tools/test RecipeSourcesTests`).
      """, "",
      "| field | meaning | values | default | applies to |", "|---|---|---|---|---|",
    ]
    for facts in settingFacts {
      let values = [facts.range ?? facts.kind, facts.unit].filter { !$0.isEmpty }
      let cells = [
        "`\(facts.path)`", facts.meaning, values.joined(separator: " "),
        facts.standard ?? "", facts.owner ?? "",
      ]
      lines.append("| " + cells.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
