import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Reporting
import TestSupport
import Testing

@testable import Workflow

/// Precedence: an option, then the recipe, then what a file states, then the default.
@Suite struct RecipeSourcesTests {
  /// Writes an astigmatic PSF, and a two-lobed spline that has its own detector.
  private func inFolder(_ body: (_ lens: String, _ lobes: String) throws -> Void) throws {
    try withScratchFolder { folder in
      let lens = folder.appendingPathComponent("lens.yaml").path
      try CalibrationFiles.write(.astigmatic(.typical), to: lens)
      let lobes = folder.appendingPathComponent("lobes.hdf5").path
      let simulation = try Simulation(
        SimulationSettings(
          width: 40, height: 40, frames: 1, depthPSF: .lobes(RotatingLobes(sigma: 1.1)),
          zRange: -450...450))
      try CalibrationFiles.write(try #require(try simulation.calibration), to: lobes)
      try body(lens, lobes)
    }
  }

  private func options(_ say: (inout Statement) -> Void) -> Statement {
    var said = Statement(.option)
    say(&said)
    return said
  }

  @Test func thePSFChoosesWhatNobodySaid() throws {
    try inFolder { lens, lobes in
      let free = try RecipeSources(options { $0.say(FitSettings.psfFile, lobes) })
      #expect(free.recipe.detection.detector == .psf(threshold: 5, radius: 2))
      #expect(free.recipe.fit.box >= 13)
      #expect(
        free.choices.map(\.description) == [
          "pixel size 100 nm, chosen by the PSF", "detector psf, chosen by the PSF",
          "box \(free.recipe.fit.box) px, chosen by the PSF",
        ])
      // Settings that a recipe omits come from the PSF; those that it states win.
      let silent = try RecipeFile(yaml: "recipe: 2\npixel_size: 100")
      let same = try RecipeSources(options { $0.say(FitSettings.psfFile, lobes) }, over: silent)
      #expect(same.recipe == free.recipe)
      let speaks = try RecipeFile(
        yaml: "recipe: 2\ndetection: {detector: wavelet, threshold: 3}\nfit: {box: 9}")
      let told = try RecipeSources(options { $0.say(FitSettings.psfFile, lens) }, over: speaks)
      #expect(told.recipe.detection.detector == .wavelet(threshold: 3))
      #expect(told.recipe.fit.box == 9 && told.choices.isEmpty)
      // An option overrides both, and a threshold for another detector is ignored.
      let line = options {
        $0.say(FitSettings.psfFile, lens)
        $0.say(DetectionSettings.detectorKind, .dog)
        $0.say(FitSettings.box, 11)
      }
      let asked = try RecipeSources(line, over: speaks)
      #expect(asked.recipe.detection.detector == Detector(.dog) && asked.recipe.fit.box == 11)
    }
  }

  @Test func theCameraFileHasItsRank() throws {
    try withScratchFolder { folder in
      let path = folder.appendingPathComponent("camera.yaml").path
      try Data("offset: 98\ngain: 0.4\n".utf8).write(to: URL(fileURLWithPath: path))
      let file = try RecipeFile(yaml: "recipe: 2\ncamera: {gain: 3, qe: 0.5}")
      let line = options {
        $0.say(Recipe.cameraFile, path)
        $0.say(Camera.offset, 99)
      }
      #expect(
        try RecipeSources(line, over: file).recipe.camera
          == Camera(offset: 99, gain: 0.4, quantumEfficiency: 0.5))
      let named = try RecipeFile(yaml: "recipe: 2\ncamera_file: '\(path)'\ncamera: {gain: 3}")
      let sources = try RecipeSources(over: named)
      #expect(sources.recipe.camera == Camera(offset: 98, gain: 3))
      #expect(sources.recipe.cameraFile == nil && sources.choices.isEmpty)
    }
  }

  @Test func thePixelSizeHasItsRank() throws {
    try withScratchFolder { folder in
      let path = folder.appendingPathComponent("lens.yaml").path
      var lens = AstigmaticPSF.typical
      lens.pixelSize = 120
      try CalibrationFiles.write(.astigmatic(lens), to: path)
      let psf = options { $0.say(FitSettings.psfFile, path) }
      var movie = MovieInfo(
        width: 9, height: 9, frames: 1, pixel: .uint16, format: "test", storage: "uint16",
        pixelSize: 160)
      let recipe = try RecipeFile(yaml: "recipe: 2\npixel_size: 130")
      var both = psf
      both.say(Recipe.pixelSize, 140)

      let option = try RecipeSources(both, over: recipe, movie: movie)
      #expect(option.recipe.pixelSize == 140)
      #expect(
        option.choices.map(\.description) == [
          "box 13 px, chosen by the PSF",
          "warning: the movie states a pixel size of 160 nm, and 140 nm is used",
        ])
      #expect(try RecipeSources(psf, over: recipe, movie: movie).recipe.pixelSize == 130)
      let calibrated = try RecipeSources(psf, movie: movie)
      #expect(calibrated.recipe.pixelSize == 120)
      #expect(
        calibrated.choices.map(\.description).contains("pixel size 120 nm, chosen by the PSF"))
      let own = try RecipeSources(movie: movie)
      #expect(own.recipe.pixelSize == 160)
      #expect(own.choices.map(\.description) == ["pixel size 160 nm, chosen by the movie"])
      // Within 2 % nothing is said.
      let close = options { $0.say(Recipe.pixelSize, 162) }
      #expect(try RecipeSources(close, movie: movie).choices.isEmpty)
      movie.pixelSize = nil
      #expect(try RecipeSources(movie: movie).recipe.pixelSize == nil)
      // Micrometres, and what no microscope has.
      for size in [0.1, 9.99, 1001, -100, 1e-308, .infinity, .nan] {
        #expect(throws: SettingsError.self, "\(size)") {
          try RecipeSources(options { $0.say(Recipe.pixelSize, size) }, movie: movie)
        }
      }
    }
  }

  @Test func aNetworkHasNoUseForFits() throws {
    let file = try RecipeFile(yaml: "recipe: 2\nnetwork: {weights: w.pt}")
    #expect(
      try RecipeSources(options { $0.say(NetworkSettings.threshold, 0.5) }, over: file)
        .unusedOption == nil)
    #expect(
      try RecipeSources(options { $0.say(FitSettings.box, 9) }, over: file).unusedOption
        == .box)
    let several = options {
      $0.say(FitSettings.emitters, .multi)
      $0.say(EmitterSettings.brightness, .free)
      $0.say(FitSettings.box, 9)
    }
    #expect(try RecipeSources(several).unusedOption == .box)
    let one = options { $0.say(EmitterSettings.brightness, .free) }
    #expect(try RecipeSources(one).unusedOption == .brightness)
    // A recipe for fits is overridden by a network on the command line.
    let fits = try RecipeFile(yaml: "recipe: 2\nfit: {box: 9}")
    let network = try RecipeSources(options { $0.say(NetworkSettings.weights, "w.pt") }, over: fits)
    #expect(network.recipe.network == NetworkSettings(weights: "w.pt"))
  }

  /// Tools/docs/Glint.docc/Settings.md agrees with the declarations.
  @Test func thePageOfSettings() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
        "Tools/docs/Glint.docc/Settings.md")
    if ProcessInfo.processInfo.environment["GLINT_WRITE_PAGES"] != nil {
      try Data(Recipe.settingsPage.utf8).write(to: file)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == Recipe.settingsPage)
  }
}
