import Foundation

/// The description that ImageJ writes into a TIFF: `ImageJ=<version>`, then `key=value` lines.
struct ImageJDescription: Sendable {
  let fields: [String: String]

  /// nil if the text was not written by ImageJ.
  init?(_ text: String) {
    guard text.hasPrefix("ImageJ=") else { return nil }
    var fields: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
    }
    self.fields = fields
  }

  /// The number of images: channels · slices · frames, or the less reliable field `images` if those
  /// are missing. nil if the numbers are invalid.
  var images: Int? {
    var product = 1
    for key in ["channels", "slices", "frames"] {
      guard let text = fields[key] else { continue }
      guard let number = Int(text), number > 0 else { return nil }
      let (value, overflow) = product.multipliedReportingOverflow(by: number)
      if overflow { return nil }
      product = value
    }
    if product == 1, let text = fields["images"] { return Int(text).flatMap { $0 > 0 ? $0 : nil } }
    return product
  }

  /// Pixel size in nm, from the pixels per unit of the page; nil without a length unit.
  func pixelSize(pixelsPerUnit: Double?) -> Double? {
    let units: [String: Double] = [
      "nm": 1, "um": 1000, "µm": 1000, "μm": 1000, "\\u00B5m": 1000, "micron": 1000,
      "microns": 1000, "mm": 1e6,
    ]
    guard let pixelsPerUnit, pixelsPerUnit > 0, let unit = fields["unit"].flatMap({ units[$0] })
    else { return nil }
    return unit / pixelsPerUnit
  }
}

/// Whether this pixel size in the sample plane is plausible. Programs that do not know it write 1
/// µm, 1 nm, or the dots per inch of a scanner.
func isBelievable(pixelSize: Double) -> Bool { pixelSize > 10 && pixelSize < 1000 }
