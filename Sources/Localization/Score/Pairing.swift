/// A localization and its molecule, by row.
package struct Pair: Hashable, Sendable {
  package let localization: Int
  package let molecule: Int

  package init(localization: Int, molecule: Int) {
    self.localization = localization
    self.molecule = molecule
  }
}

/// A pair within the tolerances. Indices are within one frame.
struct Candidate {
  var localization: Int
  var molecule: Int
  var distance: Double
}

/// Takes the globally nearest pair first, until no candidate is left; ties go to the earlier rows.
func greedyPairing(_ candidates: [Candidate], localizations: Int, molecules: Int) -> [Candidate] {
  var localizationTaken = Array(repeating: false, count: localizations)
  var moleculeTaken = Array(repeating: false, count: molecules)
  let nearestFirst = candidates.sorted {
    ($0.distance, $0.localization, $0.molecule) < ($1.distance, $1.localization, $1.molecule)
  }
  return nearestFirst.filter { candidate in
    if localizationTaken[candidate.localization] || moleculeTaken[candidate.molecule] {
      return false
    }
    localizationTaken[candidate.localization] = true
    moleculeTaken[candidate.molecule] = true
    return true
  }
}

/// As many pairs as possible with, among those solutions, the smallest total distance.
///
/// Shortest augmenting paths with dual prices (Jonker & Volgenant, Computing 38, 325 (1987)) over
/// the candidates only. Each localization can also stay unpaired, at a cost above that of any
/// rearrangement of pairs, so a search never leaves the cluster of its localization.
func optimalPairing(
  _ candidates: [Candidate], localizations: Int, molecules: Int
) -> [Candidate] {
  guard let farthest = candidates.map(\.distance).max() else { return [] }
  let alone = (farthest + 1) * Double(min(localizations, molecules) + 1)
  var search = AugmentingSearch(candidates, localizations, molecules, alone: alone)
  for localization in 0..<localizations { search.place(localization) }
  return search.chosen.compactMap { $0.map { candidates[$0] } }
}

/// The state of a Jonker–Volgenant assignment, and the search that adds one more localization.
private struct AugmentingSearch {
  private let candidates: [Candidate]
  /// The candidates of each localization.
  private let edges: [[Int]]
  private let alone: Double
  /// The candidate assigned to each localization, and to each molecule.
  private(set) var chosen: [Int?]
  private var holder: [Int?]
  /// The dual price of each molecule.
  private var price: [Double]
  /// Length of the shortest path to each molecule, and its last candidate; reset after each search.
  private var length: [Double]
  private var arrival: [Int]
  /// Molecules with a known shortest path; rounding must not reopen them.
  private var isSettled: [Bool]

  init(_ candidates: [Candidate], _ localizations: Int, _ molecules: Int, alone: Double) {
    self.candidates = candidates
    self.alone = alone
    var edges = Array(repeating: [Int](), count: localizations)
    for (index, candidate) in candidates.enumerated() {
      edges[candidate.localization].append(index)
    }
    self.edges = edges
    chosen = Array(repeating: nil, count: localizations)
    holder = Array(repeating: nil, count: molecules)
    price = Array(repeating: 0, count: molecules)
    length = Array(repeating: .infinity, count: molecules)
    arrival = Array(repeating: 0, count: molecules)
    isSettled = Array(repeating: false, count: molecules)
  }

  mutating func place(_ newcomer: Int) {
    var reached: [Int] = []
    var settled: [Int] = []
    var localization = newcomer
    var travelled = 0.0
    var saved = 0.0
    /// The cheapest end so far that leaves a localization unpaired.
    var loneEnd = (length: Double.infinity, localization: newcomer)

    while true {
      for index in edges[localization] {
        let molecule = candidates[index].molecule
        if isSettled[molecule] { continue }
        let candidateLength = travelled + candidates[index].distance - price[molecule] - saved
        if candidateLength < length[molecule] {
          if length[molecule] == .infinity { reached.append(molecule) }
          length[molecule] = candidateLength
          arrival[molecule] = index
        }
      }
      if travelled + alone - saved < loneEnd.length {
        loneEnd = (travelled + alone - saved, localization)
      }
      let open = reached.indices.min { length[reached[$0]] < length[reached[$1]] }
      guard let open, length[reached[open]] < loneEnd.length else {
        finish(settled, at: loneEnd.length)
        if let given = chosen[loneEnd.localization] {
          chosen[loneEnd.localization] = nil
          reassign(candidates[given].molecule, newcomer)
        }
        break
      }
      let molecule = reached.remove(at: open)
      settled.append(molecule)
      isSettled[molecule] = true
      travelled = length[molecule]
      guard let held = holder[molecule] else {
        finish(settled, at: travelled)
        reassign(molecule, newcomer)
        break
      }
      localization = candidates[held].localization
      saved = candidates[held].distance - price[molecule]
    }
    for molecule in reached + settled {
      length[molecule] = .infinity
      isSettled[molecule] = false
    }
  }

  private mutating func finish(_ settled: [Int], at end: Double) {
    for molecule in settled { price[molecule] += length[molecule] - end }
  }

  /// Follows the shortest path backwards: every molecule on it is reassigned to the preceding
  /// localization.
  private mutating func reassign(_ last: Int, _ newcomer: Int) {
    var molecule = last
    while true {
      let index = arrival[molecule]
      let localization = candidates[index].localization
      let previous = chosen[localization]
      chosen[localization] = index
      holder[molecule] = index
      guard localization != newcomer, let previous else { return }
      molecule = candidates[previous].molecule
    }
  }
}
