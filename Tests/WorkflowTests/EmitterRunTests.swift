import Compute
import Foundation
import Localization
import Microscopy
import Optics
import Reporting
import TestSupport
import Testing
import Workflow

/// Runs that fit overlapping molecules together.
@Suite struct EmitterRunTests {
  private let camera = Camera(offset: 100, gain: 2, readNoise: 1.5)

  private func movie(
    frames: Int = 40, side: (Int, Int) = (32, 32), perFrame: Double = 12, photons: PhotonLaw? = nil,
    psf: GaussianPSF = GaussianPSF(sigma: 1.2)
  ) throws -> Simulation {
    try Simulation(
      SimulationSettings(
        width: side.0, height: side.1, frames: frames, psf: psf,
        blinking: .independent(perFrame: perFrame), photons: photons ?? .fixed(photons: 2500),
        background: .flat(level: 20), camera: camera, seed: 9))
  }

  private func recipe(_ change: (inout EmitterSettings) -> Void = { _ in }) -> Recipe {
    var recipe = Recipe()
    recipe.pixelSize = 100
    recipe.camera = camera
    var settings = EmitterSettings()
    settings.spot = .gaussian(.fixed, sigma: 1.2)
    change(&settings)
    recipe.localizer = .emitters(settings)
    return recipe
  }

  private func score(_ table: Localizations, _ truth: Localizations) throws -> Score {
    try Score(
      of: table, against: truth, settings: ScoreSettings(assignment: .optimal, border: 0))
  }

  /// A job's rows as text, its report and its notes.
  private func job(
    _ movie: Simulation, _ recipe: Recipe
  ) throws -> (rows: [Substring], report: LocalizeReport, notes: [String]) {
    try withScratchFolder { folder in
      let path = folder.appendingPathComponent("locs.csv").path
      let notes = Notes()
      let report = try LocalizeJob(
        source: movie, recipe: recipe, maps: nil, devices: [CPUDevice(threads: 2)],
        outputs: [path], acceptsCamera: true, observer: notes
      ).run()
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      return (Array(lines.dropFirst()), report, notes.lines)
    }
  }

  /// Twelve molecules in 32×32 px overlap in most frames.
  @Test func overlappingMoleculesAreTold() throws {
    let movie = try movie()
    let crowded = try localize(movie, smallRecipe(.wavelet))
    let single = try score(crowded.table, movie.truth)
    #expect(crowded.report.notes.contains { $0.contains("emitters multi fits them together") })
    let sparse = try localize(try self.movie(frames: 400, perFrame: 1), smallRecipe(.wavelet))
    #expect(sparse.table.count > 200 && sparse.report.notes.isEmpty)
    let multi = try score(localize(movie, recipe()).table, movie.truth)
    #expect(single.recall < 0.86)
    #expect(multi.recall > 0.94 && multi.precision > 0.995)
    #expect(multi.lateralRMSE! < 22 && multi.lateralRMSE! < single.lateralRMSE! / 2)
    #expect(0.9...1.15 ~= multi.xErrorRatio!.spread)
    #expect(multi.closeJaccard! > 0.93 && multi.closeChance! < 0.1)
  }

  /// What is learned from the movie decides how many molecules a bright spot is.
  @Test func brightnessIsLearnedOnceAndKept() throws {
    let movie = try movie(frames: 60, perFrame: 25)
    let free = try job(movie, recipe { $0.brightness = .free })
    let learned = try job(movie, recipe())
    let measured = try #require(learned.report.recipe.emitters?.measured)
    #expect(learned.report.localizations > free.report.localizations + 20)
    #expect(abs(measured.photons! / 2500 - 1) < 0.03)
    #expect(measured.spread! < 0.1 && measured.noiseFactor == 1)
    #expect(learned.notes.contains { $0.hasPrefix("brightness is learned") })
    #expect(free.report.recipe.emitters?.measured.photons != nil)
    // The recipe of the whole gives the same rows for a part, without measuring again.
    var part = learned.report.recipe
    (part.firstFrame, part.endFrame) = (20, 30)
    let again = try job(movie, part)
    #expect(!again.notes.contains { $0.hasPrefix("brightness") })
    func places(_ rows: [Substring]) -> [Substring] {
      rows.compactMap { row in
        let cells = row.split(separator: ",", maxSplits: 1)[1]
        let frame = Int(cells.prefix { $0 != "," })!
        return (21...30).contains(frame) ? cells : nil
      }
    }
    #expect(!again.rows.isEmpty && places(again.rows) == places(learned.rows))
    // And so does a run of that part that measures by itself: its frames are the movie's.
    var fresh = recipe()
    (fresh.firstFrame, fresh.endFrame) = (20, 30)
    #expect(try places(job(movie, fresh).rows) == places(learned.rows))
    #expect(try Recipe(yaml: part.yaml()) == part)
  }

  /// The width of the PSF, from a movie in which most molecules overlap.
  @Test(arguments: [0.95, 1.7])
  func theWidthIsMeasured(_ sigma: Double) throws {
    let movie = try movie(perFrame: 10, psf: GaussianPSF(sigma: sigma))
    let unstated = recipe {
      $0.spot = .gaussian(.fixed, sigma: nil)
      $0.brightness = .free
    }
    let (_, report, notes) = try job(movie, unstated)
    let measured = try #require(report.recipe.emitters?.measured.sigma)
    #expect(abs(measured / sigma - 1) < 0.02)
    #expect(notes.contains { $0.hasPrefix("the PSF is a Gaussian of σ") })
    let wrong = try job(movie, recipe { $0.spot = .gaussian(.fixed, sigma: sigma * 1.2) })
    #expect(wrong.notes.contains { $0.hasPrefix("warning: most molecules are") })
    #expect(wrong.report.recipe.emitters?.measured.sigma == nil)
    #expect(!notes.contains { $0.hasPrefix("warning") })
  }

  @Test func wideLawsOfBrightnessAreLeftAlone() throws {
    let movie = try movie(frames: 80, photons: .exponential(mean: 2500))
    let free = try job(movie, recipe { $0.brightness = .free })
    let learned = try job(movie, recipe())
    #expect(learned.notes.contains { $0.hasPrefix("brightness is free, because it varies") })
    #expect(learned.rows == free.rows)
  }

  /// Noise that the camera does not explain does not become molecules.
  @Test func aCameraThatIsNotStated() throws {
    let movie = try movie(frames: 20, perFrame: 3)
    var unstated = recipe { $0.brightness = .free }
    unstated.camera = Camera()
    let (_, report, notes) = try job(movie, unstated)
    #expect(notes.contains { $0.hasPrefix("warning: the noise between molecules is") } == false)
    // An offset of 100 looks like light, so here the noise is less than the camera explains.
    #expect(report.localizations <= movie.truth.count + 2)
    unstated.camera = Camera(offset: 100, gain: 0.2)
    let wrong = try job(movie, unstated)
    #expect(wrong.notes.contains { $0.hasPrefix("warning: the noise between molecules is") })
    #expect(try #require(wrong.report.recipe.emitters?.measured.noiseFactor) > 5)
    #expect(wrong.report.localizations <= movie.truth.count + 2)
  }

  /// A list that is too short is made longer; batches, threads and blocks do not change rows.
  @Test func rowsDoNotDependOnTheRun() throws {
    let movie = try movie(frames: 6, side: (120, 40), perFrame: 80)
    let recipe = recipe { $0.brightness = .free }
    let whole = try localize(movie, recipe)
    #expect(whole.table.count > 6 * 60)
    #expect(try localize(movie, recipe, batch: 1, capacity: 5).rows == whole.rows)
    #expect(
      try localize(movie, recipe, on: CPUDevice(threads: 1), batch: 4).rows == whole.rows)
    let frames = whole.table.frame
    #expect(zip(frames, frames.dropFirst()).allSatisfy { $0 <= $1 })
  }

  /// Regions read their margin, so that parts of a frame have the rows of the whole.
  @Test func regionsHaveTheRowsOfTheWhole() throws {
    let movie = try movie(frames: 8, side: (210, 100), perFrame: 160)
    var whole = recipe { $0.brightness = .free }
    whole = try job(movie, whole).report.recipe
    struct Row {
      var frame: Substring
      var x, y, error: Double
    }
    func rows(_ region: PixelRegion?) throws -> [Row] {
      var part = whole
      part.roi = region
      return try job(movie, part).rows.map { row in
        let cells = row.split(separator: ",")
        return Row(
          frame: cells[1], x: Double(cells[2])!, y: Double(cells[3])!, error: Double(cells[8])!)
      }
    }
    let all = try rows(nil)
    let regions = [
      PixelRegion(x: 0, y: 0, width: 70, height: 100),
      PixelRegion(x: 70, y: 0, width: 140, height: 20),
      PixelRegion(x: 70, y: 20, width: 127, height: 80),
      PixelRegion(x: 197, y: 20, width: 13, height: 80),
    ]
    let parts: [Row] = try regions.flatMap { try rows($0) }
    #expect(parts.count == all.count)
    let same = all.count { row in
      parts.contains { part in
        let distance = hypot(part.x - row.x, part.y - row.y)
        return part.frame == row.frame && distance < 0.01
      }
    }
    #expect(same == all.count)
  }

  /// The expected number of false molecules in empty frames.
  @Test(arguments: [(0.01, 2.0), (0.01, 50), (1, 10)])
  func emptyFrames(_ rate: Double, background: Double) throws {
    let frames = rate < 0.1 ? 200 : 40
    let movie = try Simulation(
      SimulationSettings(
        width: 128, height: 128, frames: frames, psf: GaussianPSF(sigma: 1.2),
        blinking: .independent(perFrame: 0), background: .flat(level: background), camera: camera,
        seed: 21))
    let found = try localize(
      movie,
      recipe {
        $0.brightness = .free
        $0.falsePositives = rate
      }
    ).table.count
    let expected = rate * Double(frames * 128 * 128) / 1e4
    #expect(Double(found) < 2.5 * expected + 2)
    if expected > 20 { #expect(Double(found) > 0.3 * expected) }
  }

  /// Molecules on the frame's edge are found with the error that their bound explains.
  @Test func molecularEdges() throws {
    let movie = try movie(frames: 200, perFrame: 4, photons: .fixed(photons: 4000))
    let table = try localize(movie, recipe { $0.brightness = .free }).table
    let edge = movie.truth.selecting(
      movie.truth.frame.indices.filter { row in
        let (x, y) = (movie.truth[.x]![row], movie.truth[.y]![row])
        return min(x, y) < 1 || max(x, y) > 30
      })
    let score = try score(table, edge)
    #expect(edge.count > 60)
    let flags = try #require(table[.edge])
    #expect(
      flags.indices.allSatisfy { row in
        let nearest = [table[.x]!, table[.y]!].map { min($0[row], 31 - $0[row]) }.min()!
        return (flags[row] == 1) == (nearest + 0.5 < 3.6)
      })
    #expect(score.recall > 0.95)
    #expect(0.85...1.2 ~= score.xErrorRatio!.spread && 0.85...1.2 ~= score.yErrorRatio!.spread)
  }

  @Test func heightsOfOverlappingMolecules() throws {
    let psf = AstigmaticPSF(
      x: .defocus(width: 1.3, focus: -200, depth: 350, terms: []),
      y: .defocus(width: 1.3, focus: 200, depth: 350, terms: []), zRange: -500...500, pixelSize: 100
    )
    var settings = SimulationSettings(
      width: 40, height: 40, frames: 60, pixelSize: 100, psf: GaussianPSF(sigma: 1.3),
      blinking: .independent(perFrame: 6), photons: .fixed(photons: 4000),
      background: .flat(level: 10), camera: camera, seed: 3)
    settings.depthPSF = .astigmatic(psf)
    settings.zRange = -400...400
    let movie = try Simulation(settings)
    let score = try score(localized(movie, axialRecipe, .astigmatic(psf)), movie.truth)
    #expect(score.recall > 0.93 && score.precision > 0.97)
    #expect(score.zErrorRatio!.spread < 1.3)
  }

  private var axialRecipe: Recipe {
    recipe {
      $0.spot = .psf(PSFFile("psf"))
      $0.brightness = .free
    }
  }

  private func localized(
    _ movie: Simulation, _ recipe: Recipe, _ psf: CalibratedPSF
  ) throws -> Localizations {
    let info = movie.info
    let region = PixelRegion(x: 0, y: 0, width: info.width, height: info.height)
    let run = try LocalizeRun(
      movie, stage: try recipe.stage(nil, psf: psf, for: region, in: info),
      frames: 0..<info.frames, region: region, devices: [CPUDevice(threads: 2)])
    let rows = RowCollector()
    _ = try run.run(into: [rows])
    var table = rows.table
    table.field.pixelSize = 100
    return table
  }

  /// A movie of a spline PSF, with heights, in frames of 40×40 px.
  private func movie(
    _ psf: SplinePSF, perFrame: Double, frames: Int = 20, photons: Double = 4000
  ) throws -> Simulation {
    var settings = SimulationSettings(
      width: 40, height: 40, frames: frames, pixelSize: 100, psf: GaussianPSF(sigma: 1.3),
      blinking: .independent(perFrame: perFrame), photons: .fixed(photons: photons),
      background: .flat(level: 10), camera: camera, seed: 3)
    settings.depthPSF = .file(path: "psf")
    settings.zRange = -450...450
    return try Simulation(settings, calibrated: .spline(psf))
  }

  /// Two molecules per µm² with the shape of a spline, at any height.
  @Test func crowdsOfASpline() throws {
    let psf = try SplinePSF(
      sampling: AstigmaticPSF.typical, side: 27, zStep: 50, zRange: -500...500, pixelSize: 100)
    let movie = try movie(psf, perFrame: 32)
    let table = try localized(movie, axialRecipe, .spline(psf))
    #expect(table[.zError] != nil && table[.sigmaX] == nil)
    let multi = try score(table, movie.truth)
    #expect(multi.recall > 0.94 && multi.precision > 0.965)
    #expect(multi.lateralRMSE! < 40 && multi.z!.rmse < 90)
    #expect(1...1.45 ~= multi.xErrorRatio!.spread && 1...1.5 ~= multi.zErrorRatio!.spread)
    var alone = Recipe()
    alone.pixelSize = 100
    alone.camera = camera
    alone.fit.box = FitSettings.usualBox(.spline(psf))
    alone.fit.spot = .psf(PSFFile("psf"))
    let single = try score(localized(movie, alone, .spline(psf)), movie.truth)
    #expect(single.recall < 0.45)
    let sparse = try self.movie(psf, perFrame: 2, frames: 100)
    let clear = try score(localized(sparse, axialRecipe, .spline(psf)), sparse.truth)
    #expect(clear.recall > 0.985 && clear.precision > 0.965)
    #expect(clear.lateralRMSE! < 9 && clear.z!.rmse < 24)
    for ratio in [clear.xErrorRatio!, clear.yErrorRatio!, clear.zErrorRatio!] {
      #expect(0.85...1.2 ~= ratio.spread)
    }
  }

  /// Molecules whose image has two lobes. Some are reported as two that lie together.
  @Test func crowdsOfDoubleHelices() throws {
    let psf = try SplinePSF(
      sampling: RotatingLobes(sigma: 1.1), side: 31, zStep: 50, zRange: -500...500, pixelSize: 100)
    let movie = try movie(psf, perFrame: 8)
    let multi = try score(localized(movie, axialRecipe, .spline(psf)), movie.truth)
    #expect(multi.recall > 0.97 && multi.precision > 0.92)
    #expect(0.85...1.3 ~= multi.xErrorRatio!.spread && 0.85...1.2 ~= multi.zErrorRatio!.spread)
  }

  @Test func whatIsMissingIsNamed() throws {
    let movie = try movie(frames: 2)
    let region = PixelRegion(x: 0, y: 0, width: 32, height: 32)
    func refusal(_ recipe: Recipe) -> String {
      do {
        _ = try recipe.stage(nil, for: region, in: movie.info)
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      refusal(recipe { $0.spot = .gaussian(.fixed, sigma: nil) }).contains("psf-sigma"))
    #expect(refusal(recipe { $0.spot = .psf(PSFFile("a")) }).contains("PSF"))
    #expect(
      refusal(recipe { $0.brightness = .given(photons: 100, spread: 2) }).contains("brightness"))
    let narrow = try SplinePSF(
      sampling: AstigmaticPSF.typical, side: 5, zStep: 100, pixelSize: 100)
    #expect(throws: SettingsError.self) {
      try recipe { $0.spot = .psf(PSFFile("psf")) }.stage(
        nil, psf: .spline(narrow), for: region, in: movie.info)
    }
    let text = "recipe: 2\nfit: {emitters: multi, box: 9}"
    #expect(throws: RecipeError.self) { try Recipe(yaml: text) }
    #expect(throws: RecipeError.self) {
      try Recipe(yaml: "recipe: 2\nfit: {brightness: free}")
    }
  }

  /// A frame of one value, and one of NaN, have no molecules.
  @Test func framesWithoutAScene() throws {
    let edited = EditedMovie(try movie(frames: 4), floating: true)
    for k in 0..<1024 {
      edited.floats[k] = 100
      edited.floats[1024 + k] = .nan
      edited.floats[2048 + k] = -1e6
    }
    let table = try localize(edited, recipe { $0.brightness = .free }).table
    #expect(table.frame.allSatisfy { $0 == 3 } && table.count > 5)
    #expect(table.quantities.allSatisfy { table[$0]!.allSatisfy(\.isFinite) })
  }
}
