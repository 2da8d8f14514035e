import Foundation
import Localization
import Microscopy
import Optics
import Testing

/// Scores in three dimensions: distances are spatial, and each axis has its own errors.
@Suite struct DepthScoreTests {
  private func table3D(_ rows: [(frame: Int, x: Double, y: Double, z: Double)]) -> Localizations {
    var result = table(rows.map { ($0.frame, $0.x, $0.y) })
    result[.z] = rows.map(\.z)
    return result
  }

  @Test func theNearestIsTheNearestInSpace() throws {
    // In the plane the localization is nearer to the first molecule, in space to the second.
    let truth = table3D([(0, 5000, 5000, 400), (0, 5100, 5000, 0)])
    let found = table3D([(0, 5010, 5000, 10)])
    for assignment in ScoreSettings.Assignment.allCases {
      let matching = try Matching(
        of: found, with: truth, settings: ScoreSettings(assignment: assignment, border: 0))
      #expect(matching.pairs == [Pair(localization: 0, molecule: 1)])
      var (flatFound, flatTruth) = (found, truth)
      (flatFound[.z], flatTruth[.z]) = (nil, nil)
      let flat = try Matching(
        of: flatFound, with: flatTruth, settings: ScoreSettings(assignment: assignment, border: 0))
      #expect(flat.pairs == [Pair(localization: 0, molecule: 0)])
    }
  }

  @Test func greedyAndOptimalDifferAlongZ() throws {
    // Greedy takes the 90 nm between 90 and 0 and leaves 400 and −200, which are 600 apart.
    let truth = table3D([(0, 5000, 5000, 0), (0, 5000, 5000, 400)])
    let found = table3D([(0, 5000, 5000, 90), (0, 5000, 5000, -200)])
    func score(_ assignment: ScoreSettings.Assignment) throws -> Score {
      try Score(of: found, against: truth, settings: ScoreSettings(assignment: assignment))
    }
    let greedy = try score(.greedy)
    #expect(greedy.truePositives == 1 && greedy.falsePositives == 1 && greedy.falseNegatives == 1)
    #expect(greedy.z?.rmse == 90)
    let optimal = try score(.optimal)
    #expect(optimal.truePositives == 2)
    #expect(abs(optimal.z!.rmse - ((310.0 * 310 + 200 * 200) / 2).squareRoot()) < 1e-9)
    #expect(abs(optimal.z!.offset + 255) < 1e-9)
  }

  /// All pairings of crowded frames, with the axial tolerance.
  @Test func crowdedVolumesMatchTheBruteForceAnswers() throws {
    var random = RandomStream(seed: 78)
    var (differing, limited) = (0, 0)
    for _ in 0..<200 {
      func scatter(_ count: Int) -> Localizations {
        table3D(
          (0..<count).map { _ in
            (
              0, 5000 + 400 * random.uniform(), 5000 + 400 * random.uniform(),
              1200 * random.uniform() - 600
            )
          })
      }
      let truth = scatter(Int(random.next(upperBound: UInt64(6))))
      let found = scatter(Int(random.next(upperBound: UInt64(6))))
      func distance(_ l: Int, _ m: Int) -> Double? {
        let dx = 100 * (found[.x]![l] - truth[.x]![m])
        let dy = 100 * (found[.y]![l] - truth[.y]![m])
        let dz = found[.z]![l] - truth[.z]![m]
        if abs(dz) > 500 { limited += 1 }
        return hypot(dx, dy) <= 250 && abs(dz) <= 500
          ? (dx * dx + dy * dy + dz * dz).squareRoot() : nil
      }
      let distances = (0..<found.count).map { l in (0..<truth.count).map { distance(l, $0) } }
      func best(_ row: Int, _ taken: Set<Int>) -> (Int, Double) {
        guard row < distances.count else { return (0, 0) }
        var result = best(row + 1, taken)
        for (column, distance) in distances[row].enumerated() where !taken.contains(column) {
          guard let distance else { continue }
          let rest = best(row + 1, taken.union([column]))
          if rest.0 + 1 > result.0 || (rest.0 + 1 == result.0 && rest.1 + distance < result.1) {
            result = (rest.0 + 1, rest.1 + distance)
          }
        }
        return result
      }
      let expected = best(0, [])
      let optimal = try Matching(
        of: found, with: truth, settings: ScoreSettings(assignment: .optimal, border: 0))
      #expect(optimal.pairs.count == expected.0)
      let sum = optimal.pairs.reduce(0) { $0 + (distances[$1.localization][$1.molecule] ?? .nan) }
      #expect(abs(sum - expected.1) < 1e-6)

      var left = Set((0..<found.count).flatMap { l in (0..<truth.count).map { [l, $0] } })
        .filter { distances[$0[0]][$0[1]] != nil }
      var pairs = Set<Pair>()
      while let next = left.min(by: { distances[$0[0]][$0[1]]! < distances[$1[0]][$1[1]]! }) {
        pairs.insert(Pair(localization: next[0], molecule: next[1]))
        left = left.filter { $0[0] != next[0] && $0[1] != next[1] }
      }
      let greedy = try Matching(of: found, with: truth, settings: ScoreSettings(border: 0))
      #expect(Set(greedy.pairs) == pairs)
      differing += greedy.pairs.count < optimal.pairs.count ? 1 : 0
    }
    #expect(differing > 5 && limited > 100)
  }

  @Test func efficiencyIsTheMeanOfPlaneAndDepth() throws {
    let truth = table3D([(0, 3000, 3000, 100), (0, 6000, 6000, -300), (1, 5000, 5000, 0)])
    let found = table3D([(0, 3030, 3040, 160), (0, 6000, 6000, -220), (1, 8000, 8000, 0)])
    let score = try Score(of: found, against: truth)
    #expect(score.jaccard == 0.5)
    let lateral = (2500 / 2.0).squareRoot()
    let axial = ((3600 + 6400) / 2.0).squareRoot()
    #expect(abs(score.efficiency! - (100 - hypot(50, lateral))) < 1e-9)
    #expect(abs(score.axialEfficiency! - (100 - hypot(50, 0.5 * axial))) < 1e-9)
    #expect(
      abs(score.volumeEfficiency! - (score.efficiency! + score.axialEfficiency!) / 2) < 1e-9)
    let other = try Score(
      of: found, against: truth, settings: ScoreSettings(axialTolerance: 70, axialWeight: 1))
    #expect(other.truePositives == 1)
    #expect(abs(other.axialEfficiency! - (100 - hypot(80, 60))) < 1e-9)
  }

  @Test func signScaleAndOffsetOfZAreReported() throws {
    let heights = stride(from: -240.0, through: 240, by: 40).map { $0 }
    let truth = table3D(heights.enumerated().map { ($0.offset, 5000, 5000, $0.element) })
    func relation(_ z: (Double) -> Double) throws -> AxialRelation {
      let found = table3D(heights.enumerated().map { ($0.offset, 5000, 5000, z($0.element)) })
      return try #require(try Score(of: found, against: truth).zRelation)
    }
    for (scale, offset) in [(1.0, 0.0), (0.8, 30), (-1, 10)] {
      let found = try relation { scale * $0 + offset }
      #expect(abs(found.scale - scale) < 1e-12 && abs(found.offset - offset) < 1e-9)
    }
    // One height, or one pair, has no slope.
    let flat = table3D([(0, 5000, 5000, 10), (1, 5000, 5000, 10)])
    #expect(try Score(of: flat, against: flat).zRelation == nil)
    #expect(try Score(of: table3D([(0, 5000, 5000, 1)]), against: flat).zRelation == nil)
  }

  /// Errors drawn with exactly the bound at the truth: all three ratios are 1, whatever a table
  /// reports.
  @Test func ratiosToTheBoundAtTheTruthAreOne() throws {
    let psf = AstigmaticPSF(
      x: .defocus(width: 1.2, focus: 250, depth: 400, terms: []),
      y: .defocus(width: 1.2, focus: -250, depth: 400, terms: []), zRange: -500...500,
      axial: AxialConvention(indexFactor: 0.8))
    let camera = Camera(offset: 100, gain: 2, quantumEfficiency: 0.7, readNoise: 1.5)
    let truth = try Simulation(
      SimulationSettings(
        width: 100, height: 100, frames: 60, blinking: .independent(perFrame: 5),
        photons: .fixed(photons: 2000), background: .flat(level: 5), camera: camera,
        depthPSF: .astigmatic(psf), zRange: -300...300, seed: 8)
    ).truth
    var random = RandomStream(seed: 9)
    var found = truth
    for row in 0..<truth.count {
      let (x, y) = (truth[.x]![row], truth[.y]![row])
      let bound = try #require(
        CramerRaoBound(
          psf: psf, x: 6 + x - x.rounded(), y: 6 + y - y.rounded(), z: truth[.z]![row] / 0.8,
          photons: 2000, background: 5, box: 13, noise: PixelNoise(camera)))
      found[.x]![row] += bound[.x]! * random.normal()
      found[.y]![row] += bound[.y]! * random.normal()
      found[.z]![row] += 0.8 * bound[.z]! * random.normal()
    }
    let score = try Score(
      of: found, against: truth, settings: ScoreSettings(border: 700),
      bound: TruthBound(psf: .astigmatic(psf), box: 13, camera: camera))
    let ratios = [score.xErrorOverBound, score.yErrorOverBound, score.zErrorOverBound]
    for errorOverBound in ratios {
      let ratio = try #require(errorOverBound)
      #expect(ratio.pairs > 150)
      #expect(abs(ratio.rms - 1) < 4 / (2 * Double(ratio.pairs)).squareRoot(), "\(ratio)")
    }
    #expect(score.xErrorRatio == nil)
    var bare = truth
    bare[.photons] = nil
    #expect(throws: ScoreError.self) {
      try Score(
        of: found, against: bare,
        bound: TruthBound(psf: .astigmatic(psf), box: 13, camera: camera))
    }
  }
}
