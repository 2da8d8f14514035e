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
    guard let number, number != 0, let unit, let factor = Self.nanometres[unit.lowercased()] else {
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

  private static let nanometres: [String: Double] = [
    "nm": 1, "nanometer": 1, "nanometre": 1, "um": 1000, "µm": 1000, "μm": 1000,
    "\\u00b5m": 1000, "micron": 1000, "microns": 1000, "micrometer": 1000, "micrometre": 1000,
    "mm": 1e6, "millimeter": 1e6, "millimetre": 1e6, "m": 1e9, "meter": 1e9, "metre": 1e9,
    "å": 0.1, "angstrom": 0.1,
  ]
}

extension MovieInfo {
  /// Takes over the pixel size that a file states, unless it is known already.
  mutating func state(_ pixelSize: StatedPixelSize) {
    guard self.pixelSize == nil else { return }
    self.pixelSize = pixelSize.size
    notes += pixelSize.notes.filter { !notes.contains($0) }
  }
}
