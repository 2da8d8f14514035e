import Foundation

/// What ImageJ writes into the description of a TIFF: `ImageJ=<version>`, then `key=value` lines.
struct ImageJDescription: Sendable {
  let fields: [String: String]

  /// nil where the text is not ImageJ's.
  init?(_ text: String) {
    guard text.hasPrefix("ImageJ=") else { return nil }
    var fields: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
    }
    self.fields = fields
  }

  /// The number of images: channels · slices · frames, since the field `images` is not reliable;
  /// it counts where those three are silent. nil where the numbers make no sense.
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

  /// Nanometres of a pixel, from the pixels per unit of the page; nil without a length unit.
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

/// Whether a camera pixel of this size in the sample is plausible: programs write 1 µm or 1 nm,
/// and scanners' dots per inch, where they know nothing.
func isBelievable(pixelSize: Double) -> Bool { pixelSize > 10 && pixelSize < 1000 }
