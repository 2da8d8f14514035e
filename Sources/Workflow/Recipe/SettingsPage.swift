import Localization
import Reporting

/// Every setting of a recipe, as its declaration says it.
extension Recipe {
  /// A recipe for each case that has fields of its own.
  private static var cases: [Recipe] {
    var median = Recipe()
    median.detection.background = .temporalMedian(window: DetectionSettings.medianWindow.standard)
    var psf = Recipe()
    psf.fit.spot = .psf(PSFFile(""))
    var network = Recipe()
    network.network = NetworkSettings(weights: "w")
    let detectors = Detector.Kind.allCases.map { kind in
      var recipe = Recipe()
      recipe.detection.detector = Detector(kind)
      return recipe
    }
    return detectors + [median, psf, network]
  }

  /// Every setting, in the order of a recipe; a path has several where detectors or models share it.
  static let settingFacts: [SettingFacts] = {
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

  /// A page in Markdown: a table of every setting.
  package static var settingsPage: String {
    var lines = [
      "# Settings", "",
      """
      Every setting of a recipe, as `glint localize --print-recipe` writes it. A test makes this page from the \
      declarations in the code (`GLINT_WRITE_PAGES=1 Tools/test RecipeSourcesTests` writes it anew). What an option \
      says wins over the recipe, the recipe over what a file says (a PSF, a camera, weights), and that over \
      the default.
      """, "",
      "| field | meaning | values | default | goes with |", "|---|---|---|---|---|",
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
