import Foundation
import Localization
import Microscopy
import Reporting
import Testing
import Workflow

@Suite struct RecipeTests {
  @Test func roundTrip() throws {
    var recipe = Recipe()
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    recipe.camera.saturation = 4095
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    recipe.pixelSize = 108.3
    recipe.camera = Camera(
      offset: -3.25, gain: 0.1, emGain: 300, quantumEfficiency: 1 / 3.0, readNoise: 1e-7)
    recipe.cameraFile =
      "a long folder name/with spaces: colons # hashes and 'quotes'/"
      + String(
        repeating: "very long ", count: 30) + "maps.hdf5"
    recipe.detection.detector = .dog(threshold: 1e-5, sigma: 1 / 3.0, radius: 9)
    recipe.detection.background = .temporalMedian(window: 7)
    var gaussian = GaussianFit(.elliptical)
    gaussian.estimator = .leastSquares
    recipe.fit.spot = .gaussian(gaussian)
    recipe.roi = PixelRegion(x: 1, y: 2, width: 30, height: 40)
    recipe.firstFrame = 5
    recipe.endFrame = 500_000_000
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    for name in ["123", "true", "null", "~", "1e5", "- a", "a\u{7F}\u{85}\n\"b\\", "", " "] {
      recipe.cameraFile = name
      #expect(try Recipe(yaml: recipe.yaml()).cameraFile == name)
    }
    recipe.fit.spot = .psf(PSFFile("a.hdf5", indexFactor: 0.8))
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    recipe.fit.spot = .widths(GaussianFit(.elliptical), PSFFile("a.yaml"))
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    var network = NetworkSettings(weights: "w.pt", name: "decode")
    network.settings = #"{"it's":"a \"word\"","z":900}"#
    network.threshold = 0.1
    recipe.network = network
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    let json = try JSONEncoder().encode(recipe)
    #expect(try JSONDecoder().decode(Recipe.self, from: json) == recipe)
  }

  @Test func readsAsPeopleWrite() throws {
    var recipe = Recipe()
    recipe.pixelSize = 100
    let text = recipe.yaml()
    #expect(text.contains("pixel_size: 100 "))
    #expect(text.contains("  em_gain: 1 "))
    #expect(!text.contains("e+"))
    let keys = text.split(separator: "\n")
    #expect(keys.allSatisfy { $0.contains("#") }, "every field has its meaning beside it")
    #expect(try Recipe(yaml: "fit: {box: 9}").fit.box == 9)
    #expect(try Recipe(yaml: "detection: {detector: gradient}").detection.threshold == 5000)
    #expect(
      try Recipe(yaml: "detection: {detector: gradient, threshold: 7}").detection.threshold == 7)
  }

  @Test(arguments: [
    ("fit: {boxx: 7}", "`fit.boxx` does not exist"), ("colour: red", "`colour` does not exist"),
    ("fit: {box: 7.5}", "`fit.box`"), ("fit: {box: seven}", "`fit.box`"),
    (
      "recipe: 2\ndetection: {radius: 3}",
      "`detection.radius` does not apply here; it belongs to dog, psf"
    ),
    ("recipe: 2\nfit: {axial: widths}", "`fit.axial` does not apply here; it belongs to a PSF"),
    ("recipe: 2\nnetwork: {weights: w}\nfit: {box: 7}", "`fit.box` does not apply"),
    ("recipe: 3", "format 3"), ("measured: {width: 1}", "`measured.width` does not exist"),
    ("roi: [1, 2]", "`roi`"), ("camera_roi: [1, 2, 3, x]", "`camera_roi`"),
    ("pixel_size: wide", "`pixel_size`"), ("fit: 5", "`fit` must be a section of fields"),
    ("camera: {gain: [1, 2]}", "`camera.gain`"), ("roi: [1, b]", "`roi"), ("roi: 7", "`roi`"),
    ("fit: {estimator: best}", "`fit.estimator` does not accept that value; it must be mle or lsq"),
    ("a: [", "not YAML"), ("", "no fields"), ("- 1\n- 2", "no fields"), ("plain", "no fields"),
  ])
  func refused(_ text: String, _ expected: String) throws {
    let error = #expect(throws: RecipeError.self) { try Recipe(yaml: text) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "none")")
    #expect(error?.description.contains("\nhint: ") == true)
  }

  @Test func checked() throws {
    for size in [0, -1, .nan, .infinity] {
      var recipe = Recipe()
      recipe.pixelSize = size
      #expect(throws: SettingsError.self) { try recipe.check() }
    }
  }

  @Test func extent() throws {
    let info = MovieInfo(width: 20, height: 10, frames: 5, pixel: .uint16, format: "", storage: "")
    for roi in [
      [0, 0, 21, 1], [0, 9, 1, 2], [-1, 0, 1, 1], [.max, 0, .max, 1], [0, 0, 0, 1],
    ] {
      var recipe = Recipe()
      recipe.roi = PixelRegion(x: roi[0], y: roi[1], width: roi[2], height: roi[3])
      #expect(throws: SettingsError.self, "\(roi)") { try recipe.region(in: info) }
    }
    for (first, end) in [(0, 6), (3, 3), (4, 2), (-1, 2), (5, -1), (.max, -1)] {
      var recipe = Recipe()
      recipe.firstFrame = first
      recipe.endFrame = end
      #expect(throws: SettingsError.self, "\(first):\(end)") { try recipe.frames(in: info) }
    }
    let maps = CameraMaps(
      width: 3, height: 3, offset: Array(repeating: 0, count: 9),
      variance: Array(repeating: 0, count: 9), gain: Array(repeating: 1, count: 9))
    #expect(throws: SettingsError.self) {
      try Recipe().maps(maps, for: PixelRegion(x: 0, y: 0, width: 4, height: 4), in: info)
    }
    let cut = PixelRegion(x: 5, y: 5, width: 3, height: 3)
    #expect(try Recipe().maps(maps, for: cut, in: info) == maps)
  }

  /// Every number has a range with two ends.
  @Test func everyNumberHasARange() {
    let numbers = Recipe.settingFacts.filter {
      ["a number", "a whole number"].contains($0.kind) && $0.section != "measured"
    }
    #expect(numbers.count > 20)
    for facts in numbers { #expect(facts.range != nil, "\(facts.path)") }
  }

  /// Absurd numbers are refused with the range, or are inside it.
  @Test(arguments: [
    ".nan", ".inf", "-.inf", "-1", "0", "1e-308", "1e308", "1e23", "9223372036854775807",
    "-9223372036854775808",
  ])
  func absurdNumbersAreRefused(_ number: String) {
    let inside = [
      "-1": ["camera.offset", "camera.saturation"],
      "0": [
        "camera.offset", "camera.read_noise", "camera.saturation", "detection.threshold",
        "first_frame", "end_frame",
      ],
      "1e-308": [
        "camera.offset", "camera.read_noise", "camera.saturation", "detection.threshold",
        "fit.tolerance", "fit.refractive_index_factor", "network.threshold",
        "network.level",
      ],
    ]
    let numbers = Recipe.settingFacts.filter {
      ["a number", "a whole number"].contains($0.kind) && $0.section != "measured"
    }
    for facts in numbers {
      let parts = facts.path.split(separator: ".")
      let value = parts.count == 1 ? number : "{\(parts[1]): \(number)}"
      let owner =
        facts.section == "network"
        ? "weights: w, "
        : facts.section == "detection" ? facts.owner.map { "detector: \($0), " } : nil
      let text =
        "recipe: 2\n\(parts[0]): "
        + (parts.count == 1 ? value : "{" + (owner ?? "") + value.dropFirst())
      guard (try? Recipe(yaml: text).check()) != nil else { continue }
      #expect(inside[number]?.contains(facts.path) == true, "\(text) is accepted")
    }
  }
}
