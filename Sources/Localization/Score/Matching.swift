import Microscopy

/// Localizations paired with true molecules, and the unpaired rows on both sides.
///
/// Rows are those of the two tables, in frame order.
package struct Matching: Sendable {
  /// The pairs that count.
  package private(set) var pairs: [Pair] = []
  /// Localizations without a molecule (false positives).
  package private(set) var unpairedLocalizations: [Int] = []
  /// Molecules that count but have no localization (false negatives).
  package private(set) var unpairedMolecules: [Int] = []
  /// Localizations paired with a molecule that does not count; they are neither true nor false.
  package private(set) var setAside: [Int] = []
  /// Localizations excluded by the border or the range of frames, or without a finite position.
  package private(set) var excludedLocalizations = 0
  package private(set) var excludedMolecules = 0
  /// Whether z was used.
  package let isAxial: Bool

  /// Positions of both tables are in pixels. They are converted to nm with the pixel size of the
  /// truth, or of the localizations if the truth's is unknown.
  ///
  /// Throws `ScoreError` if a column, the pixel size or (for a border) the field size is missing,
  /// and for invalid settings.
  package init(
    of localizations: Localizations, with truth: Localizations,
    settings: ScoreSettings = ScoreSettings()
  ) throws {
    try settings.check()
    isAxial = localizations[.z] != nil && truth[.z] != nil
    let frame = try FrameOfReference(truth.field, localizations.field, settings)
    let found = try frame.places(of: localizations, named: "localizations", axial: isAxial)
    let molecules = try frame.places(of: truth, named: "truth", axial: isAxial)
    excludedLocalizations = localizations.count - found.count
    excludedMolecules = truth.count - molecules.count
    let threshold = try photonThreshold(truth, among: molecules, settings.molecules)

    var (f, m) = (0, 0)
    while f < found.count || m < molecules.count {
      let number = min(
        f < found.count ? found[f].frame : .max, m < molecules.count ? molecules[m].frame : .max)
      let foundEnd = found[f...].partitioningIndex { $0.frame > number }
      let moleculesEnd = molecules[m...].partitioningIndex { $0.frame > number }
      pair(found[f..<foundEnd], molecules[m..<moleculesEnd], settings, threshold)
      (f, m) = (foundEnd, moleculesEnd)
    }
  }

  /// Pairs the rows of one frame. All molecules are paired, and the threshold is applied to the
  /// pairs, so that a localization of a dim molecule is not assigned to a bright neighbour.
  private mutating func pair(
    _ found: ArraySlice<Place>, _ molecules: ArraySlice<Place>, _ settings: ScoreSettings,
    _ threshold: (molecules: [Double], least: Double)?
  ) {
    let search = NeighbourSearch(
      molecules, lateral: settings.lateralTolerance, axial: settings.axialTolerance)
    var candidates: [Candidate] = []
    for (index, place) in found.enumerated() {
      search.forEach(near: place) { molecule, distance in
        candidates.append(
          Candidate(localization: index, molecule: molecule, distance: distance))
      }
    }
    let method = settings.assignment == .greedy ? greedyPairing : optimalPairing
    let partners = method(candidates, found.count, molecules.count)

    var isFound = Array(repeating: false, count: found.count)
    var isSeen = Array(repeating: false, count: molecules.count)
    func counts(_ row: Int) -> Bool { threshold.map { $0.molecules[row] >= $0.least } ?? true }
    for partner in partners.sorted(by: { $0.localization < $1.localization }) {
      isFound[partner.localization] = true
      isSeen[partner.molecule] = true
      let localization = found[found.startIndex + partner.localization].row
      let molecule = molecules[molecules.startIndex + partner.molecule].row
      if counts(molecule) {
        pairs.append(Pair(localization: localization, molecule: molecule))
      } else {
        setAside.append(localization)
      }
    }
    for (index, place) in found.enumerated() where !isFound[index] {
      unpairedLocalizations.append(place.row)
    }
    for (index, place) in molecules.enumerated() where !isSeen[index] && counts(place.row) {
      unpairedMolecules.append(place.row)
    }
  }
}

/// The photons of each molecule and the minimum that counts; nil if all molecules count.
private func photonThreshold(
  _ truth: Localizations, among places: [Place], _ molecules: ScoreSettings.Molecules
) throws(ScoreError) -> (molecules: [Double], least: Double)? {
  if molecules == .all { return nil }
  guard let photons = truth[.photons] else {
    throw ScoreError(
      "the truth has no photon column to select bright molecules", hint: "score all molecules")
  }
  switch molecules {
  case .all: return nil
  case .atLeast(let least): return (photons, least)
  case .brightest(let part):
    let sorted = places.map { photons[$0.row] }.sorted()
    let dropped = Int(Double(sorted.count) * (1 - part))
    return (photons, dropped < sorted.count ? sorted[dropped] : 0)
  }
}

/// The rectangle and scale in which two tables are compared.
struct FrameOfReference {
  let pixelSize: Double
  private let columns: ClosedRange<Double>
  private let rows: ClosedRange<Double>
  private let frames: Range<Int>?

  init(_ truth: FieldOfView, _ other: FieldOfView, _ settings: ScoreSettings) throws(ScoreError) {
    guard let pixelSize = truth.pixelSize ?? other.pixelSize, pixelSize > 0, pixelSize.isFinite
    else {
      throw ScoreError(
        "neither table states its pixel size", hint: "give it with \(.pixelSize), in nm")
    }
    self.pixelSize = pixelSize
    frames = settings.frames
    if settings.border == 0 {
      columns = -Double.infinity ... .infinity
      rows = columns
      return
    }
    guard let width = truth.width ?? other.width, let height = truth.height ?? other.height else {
      throw ScoreError(
        "neither table states the field size, which the border of \(settings.border) nm requires",
        hint: "use a border of 0 to exclude nothing")
    }
    func inside(_ size: Int) throws(ScoreError) -> ClosedRange<Double> {
      let low = settings.border - 0.5 * pixelSize
      let high = (Double(size) - 0.5) * pixelSize - settings.border
      guard low <= high else {
        throw ScoreError("a border of \(settings.border) nm excludes all of the \(size) pixels")
      }
      return low...high
    }
    columns = try inside(width)
    rows = try inside(height)
  }

  /// The rows that are compared, by frame; within a frame in table order.
  func places(of table: Localizations, named name: String, axial: Bool) throws(ScoreError)
    -> [Place]
  {
    guard table.count > 0 else { return [] }
    guard let x = table[.x], let y = table[.y] else {
      throw ScoreError("the \(name) have no x and y")
    }
    let z = axial ? table[.z] : nil
    var places: [Place] = []
    places.reserveCapacity(table.count)
    for row in 0..<table.count {
      let place = Place(
        row: row, frame: table.frame[row], x: x[row] * pixelSize, y: y[row] * pixelSize,
        z: z?[row] ?? 0)
      guard place.x.isFinite, place.y.isFinite, place.z.isFinite, columns ~= place.x,
        rows ~= place.y, frames?.contains(place.frame) ?? true
      else { continue }
      places.append(place)
    }
    let isInOrder = zip(places, places.dropFirst()).allSatisfy { $0.frame <= $1.frame }
    return isInOrder ? places : places.sorted { ($0.frame, $0.row) < ($1.frame, $1.row) }
  }
}
