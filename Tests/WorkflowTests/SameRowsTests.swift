import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Optics
import Reporting
import TestConditions
import TestSupport
import Testing
import Workflow

/// The rows of a movie do not depend on how they are computed.
@Suite struct SameRowsTests {
  /// Every detector and fit.
  static let recipes: [Recipe] = Detector.Kind.withoutPSF.flatMap { detector in
    SpotModel.Estimator.allCases.flatMap { estimator in
      SpotModel.Sigmas.allCases.flatMap { sigma in
        SpotModel.Pixels.allCases.map { model in
          var recipe = smallRecipe(detector)
          var fit = GaussianFit(sigma)
          fit.estimator = estimator
          fit.pixels = model
          recipe.fit.spot = .gaussian(fit)
          return recipe
        }
      }
    }
  }

  static func name(_ recipe: Recipe) -> String {
    "\(recipe.detection.detector) \(recipe.fit.spot)"
  }

  @Test func everySettingOnEveryInstructionSet() throws {
    let movie = try smallMovie()
    for recipe in Self.recipes {
      let whole = try localize(movie, recipe)
      #expect(whole.table.count > 50, "\(Self.name(recipe))")
      for (set, batch) in zip(CPUDevice.InstructionSet.present, [7, 5, 3]) {
        let other = try localize(movie, recipe, on: CPUDevice(set, threads: 1), batch: batch)
        #expect(other.rows == whole.rows, "\(Self.name(recipe)) on cpu:\(set.rawValue)")
      }
    }
  }

  @Test(.openCL) func openCL() throws {
    let devices = Devices.openCL.devices
    let movie = try smallMovie()
    // Each value of each setting at least once; every combination would build kernels for minutes.
    for index in [0, 5, 9, 14, 19, 22, 26, 35] {
      let recipe = Self.recipes[index]
      let own = try localize(movie, recipe)
      for device in devices {
        let other = try localize(movie, recipe, on: device, batch: 7)
        #expect(other.rows == own.rows, "\(Self.name(recipe)) on \(device.info.name)")
        #expect(other.notes.isEmpty, "it fell back: \(other.notes)")
      }
    }
  }

  /// Batch boundaries where a temporal median needs frames of both batches.
  @Test(arguments: Detector.Kind.withoutPSF, [false, true])
  func batchesAndParts(_ detector: Detector.Kind, median: Bool) throws {
    let movie = try smallMovie()
    var recipe = smallRecipe(detector)
    if median { recipe.detection.background = .temporalMedian(window: 7) }
    let whole = try localize(movie, recipe)
    #expect(whole.table.count > 50)
    for batch in [1, 3, 7, 24, 1000] {
      #expect(try localize(movie, recipe, batch: batch).rows == whole.rows, "batch \(batch)")
    }
    let part = try localize(movie, recipe, frames: 5..<17, batch: 5)
    let inside = whole.table.selecting(
      whole.table.frame.indices.filter { 5..<17 ~= whole.table.frame[$0] })
    #expect(part.rows == Outcome.rows(of: inside))
    #expect(part.report.frames == 12)
    // A window longer than the movie, with batches shorter than the window.
    if median { recipe.detection.background = .temporalMedian(window: 51) }
    #expect(
      try localize(movie, recipe, batch: 2).rows == localize(movie, recipe).rows)
  }

  /// Parts of a frame together have the rows of the whole.
  @Test(arguments: Detector.Kind.withoutPSF) func regions(_ detector: Detector.Kind) throws {
    let movie = try smallMovie(perFrame: 10)
    let recipe = smallRecipe(detector)
    let whole = try localize(movie, recipe)
    #expect(whole.table.count > 150)
    let parts = try [
      PixelRegion(x: 0, y: 0, width: 21, height: 48),
      PixelRegion(x: 21, y: 0, width: 35, height: 3),
      PixelRegion(x: 21, y: 3, width: 30, height: 45),
      PixelRegion(x: 51, y: 3, width: 5, height: 45),
    ].map { try localize(movie, recipe, region: $0, batch: 5) }
    #expect(parts.allSatisfy { $0.table.count > 5 })
    #expect(parts.flatMap(\.rows).sorted() == whole.rows.sorted())
  }

  @Test func floatingPointMovie() throws {
    let simulation = try smallMovie()
    let recipe = smallRecipe()
    let own = try localize(EditedMovie(simulation), recipe)
    let other = try localize(EditedMovie(simulation, floating: true), recipe, batch: 7)
    #expect(own.table.count > 50)
    #expect(own.rows == other.rows)
  }

  @Test func crowdedFramesMakeLargerPlans() throws {
    let movie = try smallMovie(width: 96, height: 96, perFrame: 150)
    var recipe = smallRecipe()
    recipe.detection.threshold = 0.1
    let roomy = try localize(movie, recipe, capacity: 1000)
    #expect(roomy.report.fits > 24 * 20)
    for batch in [1, 5, 24] {
      let tight = try localize(movie, recipe, batch: batch, capacity: 1)
      #expect(tight.rows == roomy.rows, "batch \(batch)")
      #expect(tight.report.fits == roomy.report.fits)
    }
  }

  /// The files themselves, byte by byte.
  @Test func files() throws {
    try withScratchFolder { folder in
      let movie = try smallMovie()
      var devices: [any Device] = CPUDevice.InstructionSet.present.map { CPUDevice($0, threads: 2) }
      devices += Devices.openCL.devices
      var tables: [Data] = []
      var columns: [[String]] = []
      for (index, device) in devices.enumerated() {
        let csv = folder.appendingPathComponent("\(index).csv").path
        let hdf5 = folder.appendingPathComponent("\(index).hdf5").path
        _ = try LocalizeJob(
          source: movie, recipe: smallRecipe(), maps: nil, devices: [device], threads: 2,
          outputs: [csv, hdf5], batch: index + 2
        ).run()
        tables.append(try Data(contentsOf: URL(fileURLWithPath: csv)))
        columns.append(Outcome.rows(of: try Tables.read(hdf5)))
      }
      #expect(columns[0].count > 50)
      #expect(tables.allSatisfy { $0 == tables[0] })
      #expect(columns.allSatisfy { $0 == columns[0] })
    }
  }

  @Test func smallestMovies() throws {
    let recipe = smallRecipe()
    let single = try localize(try smallMovie(frames: 1), recipe)
    #expect(single.report.frames == 1)
    #expect(single.table.count > 0)
    var tiny = recipe
    tiny.detection.background = .temporalMedian(window: 51)
    for shape in [(1, 1), (2, 9), (6, 30), (7, 7), (7, 30), (30, 7), (8, 7)] {
      for candidate in [recipe, tiny] {
        let movie = try smallMovie(frames: 5, width: shape.0, height: shape.1, perFrame: 1)
        let outcome = try localize(movie, candidate, batch: 2)
        #expect(outcome.report.frames == 5)
        #expect(outcome.rows == (try localize(movie, candidate, batch: 5).rows))
      }
    }
  }
}
