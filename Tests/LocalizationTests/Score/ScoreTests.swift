import Foundation
import Localization
import Microscopy
import Optics
import Testing

@Suite struct ScoreTests {
  @Test func countsAndErrorsByHand() throws {
    var truth = table([(0, 5000, 5000), (0, 7000, 3000), (1, 2000, 2000), (1, 8000, 8000)])
    var found = table([
      (0, 5030, 5040), (0, 7000, 3010), (1, 2050, 2000), (1, 4000, 4000), (3, 5000, 5000),
    ])
    found[.xError] = [0.1, 0.1, 0.25, 1, 1]
    found[.yError] = [0.4, 0, 0.1, 1, 1]
    found[.photons] = [100, 200, 300, 1, 1]
    found[.photonsError] = [10, 10, 10, 1, 1]
    truth[.photons] = [110, 190, 300, 500]
    let score = try Score(of: found, against: truth)
    #expect(score.truePositives == 3)
    #expect(score.falsePositives == 2)
    #expect(score.falseNegatives == 1)
    #expect(score.jaccard == 0.5)
    #expect(score.recall == 0.75)
    #expect(score.precision == 0.6)
    #expect(abs(score.f1 - 2 / 3.0) < 1e-12)
    // x: 30, 0, 50; y: 40, 10, 0.
    #expect(abs(score.x!.rmse - (3400 / 3.0).squareRoot()) < 1e-9)
    #expect(abs(score.x!.offset - 80 / 3.0) < 1e-9)
    #expect(abs(score.y!.offset - 50 / 3.0) < 1e-9)
    let lateral = (5100 / 3.0).squareRoot()
    #expect(abs(score.lateralRMSE! - lateral) < 1e-9)
    #expect(abs(score.efficiency! - (100 - hypot(50, lateral))) < 1e-9)
    #expect(score.z == nil && score.volumeEfficiency == nil)
    // One of four molecules is missed, which counts as 250 nm.
    #expect(abs(score.lateralRMSEWithMissed! - ((5100 + 62500) / 4.0).squareRoot()) < 1e-9)
    // All pairs are closer than 100 nm.
    #expect(score.closeJaccard == 0.5)
    // Ratios along x: 3, 0, 2.
    let ratio = try #require(score.xErrorRatio)
    #expect(abs(ratio.rms - (13 / 3.0).squareRoot()) < 1e-9)
    #expect(abs(ratio.bias - 5 / 3.0) < 1e-9)
    #expect(abs(ratio.spread - 1.4826) < 1e-9)
    // Along y one standard error is 0, and says nothing: 1 and 0 remain.
    #expect(score.yErrorRatio?.pairs == 2)
    #expect(abs(score.photonsErrorRatio!.rms - (2 / 3.0).squareRoot()) < 1e-12)
    #expect(score.backgroundErrorRatio == nil)
  }

  /// Random points: in each frame 100 molecules and 100 points in 10×10 µm.
  @Test func whatChanceReaches() throws {
    var random = RandomStream(seed: 2)
    func rows() -> Localizations {
      table(
        (0..<20_000).map {
          ($0 / 100, 10_000 * random.uniform() - 50, 10_000 * random.uniform() - 50)
        })
    }
    let score = try Score(of: rows(), against: rows(), settings: ScoreSettings(border: 0))
    #expect(abs(score.chance! - score.jaccard) < 0.01)
    #expect(abs(score.closeChance! - score.closeJaccard!) < 0.005)
    #expect(score.closeJaccard! < score.jaccard / 3)
    let near = try Score(
      of: rows(), against: rows(), settings: ScoreSettings(lateralTolerance: 80, border: 0))
    #expect(near.closeJaccard == nil && near.closeChance == nil && near.chance != nil)
  }

  @Test func theBorderLeavesOutRowsOfBothTables() throws {
    // Pixel (0, 0) has its centre at 0, so the field begins at -50 nm and ends at 9950.
    let truth = table([(0, 399, 5000), (0, 401, 3000), (0, 5000, 9501), (0, 5000, 9499)])
    let found = table([(0, 401, 5000), (0, 399, 3000), (0, 5000, 9499), (0, 5000, 9300)])
    let score = try Score(of: found, against: truth)
    #expect(score.excludedMolecules == 2)
    #expect(score.excludedLocalizations == 1)
    #expect(score.truePositives == 1)
    #expect(score.falsePositives == 2)
    #expect(score.falseNegatives == 1)
    let all = try Score(of: found, against: truth, settings: ScoreSettings(border: 0))
    #expect(all.truePositives == 4 && all.excludedMolecules == 0)
  }

  @Test func localizationsOfDimMoleculesAreSetAside() throws {
    var truth = table((0..<8).map { (0, 1000 + 1000 * Double($0), 5000) })
    truth[.photons] = [900, 100, 800, 200, 700, 600, 500, 400]
    let found = table([(0, 1000, 5000), (0, 2010, 5000), (0, 4010, 5000), (0, 8800, 5000)])
    let brightest = try Score(
      of: found, against: truth,
      settings: ScoreSettings(molecules: .brightest(part: 0.75)))
    #expect(brightest.truePositives == 1)
    #expect(brightest.setAside == 2)
    #expect(brightest.falsePositives == 1)
    #expect(brightest.falseNegatives == 5)
    let bright = try Score(
      of: found, against: truth, settings: ScoreSettings(molecules: .atLeast(photons: 200)))
    #expect(bright.truePositives == 2)
    #expect(bright.setAside == 1)
    #expect(bright.falseNegatives == 5)
    #expect(try Score(of: found, against: truth).falseNegatives == 5)
  }

  @Test func depthHasItsOwnToleranceAndEfficiency() throws {
    var truth = table([(0, 3000, 3000), (0, 6000, 6000)])
    var found = table([(0, 3000, 3000), (0, 6000, 6000)])
    truth[.z] = [0, 0]
    found[.z] = [300, 501]
    let score = try Score(of: found, against: truth)
    #expect(score.truePositives == 1)
    #expect(score.z?.rmse == 300)
    let jaccard = 100 / 3.0
    let lateral = 100 - (100 - jaccard)
    let axial = 100 - hypot(100 - jaccard, 150)
    #expect(abs(score.volumeEfficiency! - (lateral + axial) / 2) < 1e-9)
    // If one side has no z, only x and y count.
    found[.z] = nil
    #expect(try Score(of: found, against: truth).truePositives == 2)
  }

  @Test func emptyTablesScoreZeroAndNeverTrap() throws {
    let (none, some) = (table([]), table([(0, 5000, 5000)]))
    for assignment in ScoreSettings.Assignment.allCases {
      let settings = ScoreSettings(assignment: assignment)
      let nothing = try Score(of: none, against: none, settings: settings)
      #expect(nothing.jaccard == 0 && nothing.f1 == 0 && nothing.efficiency == nil)
      #expect(try Score(of: none, against: some, settings: settings).falseNegatives == 1)
      #expect(try Score(of: some, against: none, settings: settings).falsePositives == 1)
    }
    // Tables without a single column, as a reader may return.
    let bare = Localizations(field: some.field)
    #expect(try Score(of: bare, against: some).falseNegatives == 1)
  }

  @Test func rowsWithoutAPositionAreLeftOut() throws {
    let truth = table([(0, 5000, 5000)])
    let found = table([(0, .nan, 5000), (0, 5000, .infinity), (0, 5001, 5000), (0, 1e300, 5000)])
    let score = try Score(of: found, against: truth, settings: ScoreSettings(border: 0))
    #expect(score.excludedLocalizations == 2)
    #expect(score.truePositives == 1 && score.falsePositives == 1)
  }

  @Test func framesCanBeChosen() throws {
    let truth = table([(0, 5000, 5000), (1, 5000, 5000), (2, 5000, 5000)])
    let found = table([(1, 5000, 5000), (2, 5000, 5000)])
    let score = try Score(of: found, against: truth, settings: ScoreSettings(frames: 1..<2))
    #expect(score.truePositives == 1 && score.falseNegatives == 0)
  }

  @Test func whatIsMissingIsSaid() throws {
    let good = table([(0, 5000, 5000)])
    func refusal(
      _ found: Localizations, _ truth: Localizations, _ settings: ScoreSettings = ScoreSettings()
    ) -> String {
      do {
        _ = try Score(of: found, against: truth, settings: settings)
        return ""
      } catch {
        return "\(error)"
      }
    }
    var noScale = good
    noScale.field.pixelSize = nil
    #expect(refusal(noScale, noScale).contains("its pixel size"))
    #expect(refusal(noScale, good).isEmpty)
    var noSize = good
    noSize.field.width = nil
    #expect(refusal(noSize, noSize).contains("the field size"))
    #expect(refusal(noSize, noSize, ScoreSettings(border: 0)).isEmpty)
    var noX = good
    noX[.x] = nil
    #expect(refusal(noX, good).contains("localizations have no x"))
    #expect(refusal(good, good, ScoreSettings(border: 6000)).contains("excludes all"))
    #expect(refusal(good, good, ScoreSettings(lateralTolerance: 0)).contains("lateral"))
    #expect(
      refusal(good, good, ScoreSettings(molecules: .brightest(part: 0.5))).contains("photon column")
    )
  }

  @Test func aScoreSurvivesJSON() throws {
    let score = try Score(
      of: table([(0, 5030, 5040)]), against: table([(0, 5000, 5000), (1, 5000, 5000)]),
      settings: ScoreSettings(molecules: .all, frames: 0..<5))
    let text = try JSONEncoder().encode(score)
    #expect(try JSONDecoder().decode(Score.self, from: text) == score)
    let object = try #require(JSONSerialization.jsonObject(with: text) as? [String: Any])
    #expect(object["jaccard"] as? Double == 0.5)
    let lateral = try #require(object["lateralRMSE"] as? Double)
    #expect(abs(lateral - 50) < 1e-9)
  }

  @Test func correctlyReportedErrorsHaveRatioOne() throws {
    // Positions blurred by exactly the error that the table reports, on simulated truth.
    let settings = SimulationSettings(
      width: 100, height: 100, frames: 300, blinking: .independent(perFrame: 10), seed: 8)
    let truth = try Simulation(settings).truth
    var random = RandomStream(seed: 9)
    var found = truth
    found[.xError] = truth[.x]!.map { _ in 0.05 + 0.1 * random.uniform() }
    found[.yError] = found[.xError]
    for row in 0..<truth.count {
      found[.x]![row] += found[.xError]![row] * random.normal()
      found[.y]![row] += 0.02 + found[.yError]![row] * random.normal()
    }
    let score = try Score(of: found, against: truth)
    #expect(score.recall > 0.97)
    #expect(abs(score.xErrorRatio!.spread - 1) < 0.08)
    #expect(abs(score.xErrorRatio!.rms - 1) < 0.12)
    #expect(abs(score.y!.offset - 2) < 1)
  }
}
