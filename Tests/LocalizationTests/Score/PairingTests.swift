import Foundation
import Localization
import Microscopy
import Optics
import Testing

/// Tables in nm of a field of 10 by 10 µm with pixels of 100 nm, for hand-made frames.
func table(_ rows: [(frame: Int, x: Double, y: Double)]) -> Localizations {
  var table = Localizations(
    field: FieldOfView(width: 100, height: 100, frames: 10, pixelSize: 100))
  table.frame = rows.map(\.frame)
  table[.x] = rows.map { $0.x / 100 }
  table[.y] = rows.map { $0.y / 100 }
  return table
}

@Suite struct PairingTests {
  private func matching(
    _ found: Localizations, _ truth: Localizations, _ assignment: ScoreSettings.Assignment,
    tolerance: Double = 250
  ) throws -> Matching {
    try Matching(
      of: found, with: truth,
      settings: ScoreSettings(assignment: assignment, lateralTolerance: tolerance, border: 0))
  }

  @Test func greedyTakesTheNearestPairAndMayLoseOne() throws {
    // Molecules at 0 and 200, localizations at 90 and -160. Greedy pairs 90 with 0 (90 nm) and
    // leaves 200 and -160, which are 360 apart; optimal pairs 90 with 200 and -160 with 0.
    let truth = table([(0, 5000, 5000), (0, 5200, 5000)])
    let found = table([(0, 5090, 5000), (0, 4840, 5000)])
    let greedy = try matching(found, truth, .greedy)
    #expect(greedy.pairs == [Pair(localization: 0, molecule: 0)])
    #expect(greedy.unpairedLocalizations == [1])
    #expect(greedy.unpairedMolecules == [1])
    let optimal = try matching(found, truth, .optimal)
    #expect(
      optimal.pairs == [
        Pair(localization: 0, molecule: 1), Pair(localization: 1, molecule: 0),
      ])
    #expect(optimal.unpairedLocalizations.isEmpty && optimal.unpairedMolecules.isEmpty)
  }

  @Test func optimalPrefersTheLeastSumAmongFullPairings() throws {
    // Greedy starts with 10 nm and must then take 230; optimal takes 100 + 120.
    let truth = table([(0, 5000, 5000), (0, 5110, 5000)])
    let found = table([(0, 5010, 5000), (0, 4880, 5000)])
    #expect(
      try Set(matching(found, truth, .greedy).pairs) == [
        Pair(localization: 0, molecule: 0), Pair(localization: 1, molecule: 1),
      ])
    #expect(
      try Set(matching(found, truth, .optimal).pairs) == [
        Pair(localization: 0, molecule: 1), Pair(localization: 1, molecule: 0),
      ])
  }

  @Test(arguments: ScoreSettings.Assignment.allCases)
  func framesDoNotMix(assignment: ScoreSettings.Assignment) throws {
    let truth = table([(0, 5000, 5000), (2, 5000, 5000), (5, 1000, 1000)])
    let found = table([(2, 5010, 5000), (1, 5000, 5000), (5, 1000, 1251), (0, 5020, 5000)])
    let matching = try matching(found, truth, assignment)
    #expect(
      matching.pairs == [
        Pair(localization: 3, molecule: 0), Pair(localization: 0, molecule: 1),
      ])
    #expect(matching.unpairedLocalizations == [1, 2])
    #expect(matching.unpairedMolecules == [2])
  }

  @Test func theToleranceIsInclusive() throws {
    let truth = table([(0, 5000, 5000)])
    #expect(try matching(table([(0, 5000, 5250)]), truth, .greedy).pairs.count == 1)
    #expect(try matching(table([(0, 5000, 5250.01)]), truth, .greedy).pairs.isEmpty)
  }

  /// The best of all pairings of a few rows: most pairs first, then the smallest sum.
  private func bestByTrial(_ distances: [[Double]], tolerance: Double) -> (Int, Double) {
    func best(_ row: Int, _ taken: Set<Int>) -> (Int, Double) {
      guard row < distances.count else { return (0, 0) }
      var result = best(row + 1, taken)
      for (column, distance) in distances[row].enumerated()
      where distance <= tolerance && !taken.contains(column) {
        let rest = best(row + 1, taken.union([column]))
        if rest.0 + 1 > result.0 || (rest.0 + 1 == result.0 && rest.1 + distance < result.1) {
          result = (rest.0 + 1, rest.1 + distance)
        }
      }
      return result
    }
    return best(0, [])
  }

  @Test func crowdedFramesMatchTheBruteForceAnswers() throws {
    var random = RandomStream(seed: 77)
    var differing = 0
    for _ in 0..<300 {
      let side = 300 + 500 * random.uniform()
      func scatter(_ count: Int) -> Localizations {
        table(
          (0..<count).map { _ in
            (0, 5000 + side * random.uniform(), 5000 + side * random.uniform())
          })
      }
      let truth = scatter(Int(random.next(upperBound: UInt64(7))))
      let found = scatter(Int(random.next(upperBound: UInt64(7))))
      let distances = (0..<found.count).map { l in
        (0..<truth.count).map { m in
          100 * hypot(found[.x]![l] - truth[.x]![m], found[.y]![l] - truth[.y]![m])
        }
      }
      let optimal = try matching(found, truth, .optimal, tolerance: 250)
      let best = bestByTrial(distances, tolerance: 250)
      #expect(optimal.pairs.count == best.0)
      #expect(
        abs(optimal.pairs.reduce(0) { $0 + distances[$1.localization][$1.molecule] } - best.1)
          < 1e-6)
      #expect(Set(optimal.pairs.map(\.localization)).count == best.0)
      #expect(Set(optimal.pairs.map(\.molecule)).count == best.0)

      // Greedy pairing by its definition: take the smallest distance, remove its row and column.
      var left = Set((0..<found.count).flatMap { l in (0..<truth.count).map { [l, $0] } })
      var expected = Set<Pair>()
      while let next = left.min(by: { distances[$0[0]][$0[1]] < distances[$1[0]][$1[1]] }),
        distances[next[0]][next[1]] <= 250
      {
        expected.insert(Pair(localization: next[0], molecule: next[1]))
        left = left.filter { $0[0] != next[0] && $0[1] != next[1] }
      }
      let greedy = try matching(found, truth, .greedy, tolerance: 250)
      #expect(Set(greedy.pairs) == expected)
      if greedy.pairs.count < optimal.pairs.count { differing += 1 }
    }
    #expect(differing > 10)
  }

  @Test func everyNeighbourIsFoundAcrossBands() throws {
    // One localization per molecule, 249 nm away in all directions, far from all others.
    var (truth, found) = (
      [(frame: Int, x: Double, y: Double)](), [(frame: Int, x: Double, y: Double)]()
    )
    for i in 0..<144 {
      let (x, y) = (300 + 800 * Double(i % 12), 310 + 800 * Double(i / 12))
      let angle = Double(i) * 0.7
      truth.append((0, x, y))
      found.append((0, x + 249 * cos(angle), y + 249 * sin(angle)))
    }
    #expect(try matching(table(found), table(truth), .greedy).pairs.count == 144)
    #expect(try matching(table(found.reversed()), table(truth), .optimal).pairs.count == 144)
  }

  @Test func aLargeCrowdIsPairedInReasonableTime() throws {
    var random = RandomStream(seed: 5)
    func scatter() -> Localizations {
      table((0..<1500).map { _ in (0, 10_000 * random.uniform(), 10_000 * random.uniform()) })
    }
    let (truth, found) = (scatter(), scatter())
    let greedy = try matching(found, truth, .greedy)
    let optimal = try matching(found, truth, .optimal)
    #expect(optimal.pairs.count > greedy.pairs.count)
    #expect(optimal.pairs.count + optimal.unpairedMolecules.count == 1500)
  }
}
