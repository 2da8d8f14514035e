import Compute
import Foundation
import Localization
import Microscopy
import Optics
import TestSupport
import Testing
import Workflow

/// Molecules near the frame's edge are found and fitted from the pixels there are.
@Suite struct EdgeTests {
  /// The rows of molecules that are alone in their frames.
  private struct Found {
    /// By distance of the true position from the nearest edge, px: below 1, below 3, above.
    var all = [0, 0, 0]
    var found = [0, 0, 0]
    /// Errors of x and y, in units of the row's standard error.
    var errors: [[Double]] = [[], [], []]

    func recall(_ ring: Int) -> Double { Double(found[ring]) / Double(all[ring]) }
    /// The standard deviation from the median, which a fit at the wrong z does not change.
    func spread(_ ring: Int) -> Double { 1.4826 * errors[ring].map(abs).sorted()[found[ring]] }
  }

  private static let (width, height, frames) = (24, 20, 8000)

  private func movie(photons: Double, depth: DepthPSF? = nil) throws -> Simulation {
    try Simulation(
      SimulationSettings(
        width: Self.width, height: Self.height, frames: Self.frames, psf: GaussianPSF(sigma: 1.2),
        blinking: .independent(perFrame: 0.4), photons: .fixed(photons: photons),
        background: .flat(level: 10), camera: Camera(offset: 100, gain: 2, readNoise: 1.5),
        depthPSF: depth, zRange: depth.map { _ in -300...300 }, seed: 8))
  }

  /// Pairs the rows with the molecules that are alone in their frame.
  private func find(
    _ movie: Simulation, _ recipe: Recipe, _ psf: CalibratedPSF? = nil
  ) throws -> Found {
    let table = try localize(movie, recipe, psf: psf).table
    let truth = movie.truth
    func byFrame(_ table: Localizations) -> [Int: [Int]] {
      Dictionary(grouping: table.frame.indices) { table.frame[$0] }
    }
    let (rows, molecules) = (byFrame(table), byFrame(truth))
    var result = Found()
    for (frame, alone) in molecules where alone.count == 1 {
      let (x, y) = (truth[.x]![alone[0]], truth[.y]![alone[0]])
      func depth(_ place: Double, _ length: Int) -> Double {
        min(place + 0.5, Double(length) - 0.5 - place)
      }
      let distance = min(depth(x, Self.width), depth(y, Self.height))
      let ring = distance < 1 ? 0 : distance < 3 ? 1 : 2
      result.all[ring] += 1
      guard let row = rows[frame]?.first, rows[frame]?.count == 1 else { continue }
      let (dx, dy) = (table[.x]![row] - x, table[.y]![row] - y)
      guard hypot(dx, dy) < 2 else { continue }
      result.found[ring] += 1
      result.errors[ring] += [dx / table[.xError]![row], dy / table[.yError]![row]]
      let isCut = distance < Double(recipe.fit.box) / 2 - 1
      let isWhole = distance > Double(recipe.fit.box) / 2 + 1
      if isCut || isWhole { #expect((table[.edge]![row] == 1) == isCut) }
    }
    return result
  }

  private func check(_ found: Found, recall: Double = 0.98) {
    for ring in 0..<3 {
      #expect(found.all[ring] > 150)
      #expect(found.recall(ring) > recall)
      #expect((0.9...1.12).contains(found.spread(ring)), "\(found.spread(ring))")
    }
  }

  @Test(arguments: SpotModel.Sigmas.allCases, SpotModel.Estimator.allCases)
  func gaussians(_ widths: SpotModel.Sigmas, _ estimator: SpotModel.Estimator) throws {
    var recipe = smallRecipe(.wavelet)
    var fit = GaussianFit(widths)
    fit.sigma = 1.2
    fit.estimator = estimator
    recipe.fit.spot = .gaussian(fit)
    check(try find(try movie(photons: 2000), recipe))
  }

  @Test(arguments: Detector.Kind.withoutPSF) func detectors(_ detector: Detector.Kind) throws {
    check(try find(try movie(photons: 2000), smallRecipe(detector)))
  }

  @Test(arguments: [false, true]) func depth(isSpline: Bool) throws {
    let psf = isSpline ? CalibratedPSF.spline(try AxialRunTests.spline()) : .astigmatic(.typical)
    var recipe = smallRecipe(.wavelet)
    recipe.fit.spot = .psf(PSFFile("psf.yaml"))
    recipe.fit.box = 13
    let found = try find(try movie(photons: 3000, depth: .astigmatic(.typical)), recipe, psf)
    check(found, recall: 0.97)
  }

  /// The frame is smaller than the box.
  @Test func smallFrames() throws {
    let movie = try smallMovie(width: 6, height: 9, perFrame: 0.5)
    #expect(try localize(movie, smallRecipe(.wavelet)).table.count > 5)
  }
}
