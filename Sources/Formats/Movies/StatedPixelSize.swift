/// The pixel size that a file states: in nm if it is plausible, otherwise nil and a note.
struct StatedPixelSize {
  let size: Double?
  let notes: [String]

  private static let units: [String: Double] = [
    "nm": 1, "nanometer": 1, "nanometre": 1, "um": 1000, "µm": 1000, "μm": 1000, "micron": 1000,
    "micrometer": 1000, "micrometre": 1000, "mm": 1e6, "millimeter": 1e6, "millimetre": 1e6,
    "m": 1e9, "meter": 1e9, "metre": 1e9, "å": 0.1, "angstrom": 0.1,
  ]

  /// nil stands for what the file does not state.
  init(_ number: Double?, unit: String?) {
    guard let number, let unit, let factor = Self.units[unit.lowercased()], number != 0 else {
      (size, notes) = (nil, [])
      return
    }
    let stated = (number * factor * 1000).rounded() / 1000
    let isPlausible = isBelievable(pixelSize: stated)
    size = isPlausible ? stated : nil
    notes =
      isPlausible ? [] : ["the stated pixel size of \(stated) nm is implausible and ignored"]
  }
}
