import Microscopy

/// The pixel size in the sample plane that a file states: in nm if it is plausible, otherwise nil
/// and a note.
struct StatedPixelSize {
  private(set) var size: Double?
  private(set) var notes: [String] = []

  /// - Parameters:
  ///   - number: nil or 0 for what the file does not state.
  ///   - unit: a unit of length as programs write it; others are not read.
  init(_ number: Double?, unit: String?) {
    guard let number, number != 0, let unit, let factor = FileUnit.lengths[unit.lowercased()] else {
      return
    }
    // A TIFF rational has few digits; three decimals of nm are more precise than a stage
    // micrometre.
    let stated = (number * factor * 1000).rounded() / 1000
    // Programs that do not know the size write 1 µm, 1 nm, or the dots per inch of a scanner.
    if stated > 10, stated < 1000 {
      size = stated
    } else {
      notes = ["the stated pixel size of \(stated) nm is implausible and ignored"]
    }
  }

  /// What a file says that states nothing.
  static let none = StatedPixelSize(nil, unit: nil)
}

extension MovieInfo {
  /// Takes over the pixel size that a file states, unless it is known already.
  mutating func state(_ pixelSize: StatedPixelSize) {
    guard self.pixelSize == nil else { return }
    self.pixelSize = pixelSize.size
    notes += pixelSize.notes.filter { !notes.contains($0) }
  }
}
