import Microscopy

/// A row of a table, with its position in nm; z is 0 in two dimensions.
struct Place {
  var row: Int
  var frame: Int
  var x: Double
  var y: Double
  var z: Double
}

/// Finds the molecules of one frame that lie within the tolerances of a localization.
///
/// Molecules are kept in horizontal bands as high as the tolerance, by x within a band: three bands, and
/// in each a stretch found by bisection, hold every neighbour.
struct NeighbourSearch {
  private let molecules: [(band: Double, x: Double, index: Int, place: Place)]
  private let lateral: Double
  private let axial: Double

  init(_ molecules: ArraySlice<Place>, lateral: Double, axial: Double) {
    self.lateral = lateral
    self.axial = axial
    self.molecules = molecules.enumerated()
      .map { (($1.y / lateral).rounded(.down), $1.x, $0, $1) }
      .sorted { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }
  }

  /// Calls `body` with each allowed molecule, counted from the slice's start, and its distance.
  func forEach(near place: Place, _ body: (_ molecule: Int, _ distance: Double) -> Void) {
    let band = (place.y / lateral).rounded(.down)
    for band in [band - 1, band, band + 1] {
      let first = molecules.partitioningIndex { ($0.band, $0.x) >= (band, place.x - lateral) }
      for molecule in molecules[first...] {
        guard molecule.band == band, molecule.x <= place.x + lateral else { break }
        let dx = molecule.x - place.x
        let dy = molecule.place.y - place.y
        let dz = molecule.place.z - place.z
        let squared = dx * dx + dy * dy
        if squared <= lateral * lateral, abs(dz) <= axial {
          body(molecule.index, (squared + dz * dz).squareRoot())
        }
      }
    }
  }
}

extension RandomAccessCollection where Index == Int {
  /// The first index whose element belongs, where all that belong come last.
  func partitioningIndex(_ belongs: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
