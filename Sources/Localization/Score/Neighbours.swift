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
/// Molecules are sorted into horizontal bands as high as the tolerance, and by x within a band. All
/// neighbours are in three bands, in a range of each band that is found by bisection.
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

  /// Calls `body` with each molecule within the tolerances, by its index in the slice, and its
  /// distance.
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
  /// The first index whose element matches, if all matching elements are at the end.
  func partitioningIndex(_ belongs: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
