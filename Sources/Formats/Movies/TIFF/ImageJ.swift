import Foundation
import Microscopy

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

  /// The axes of the pages: channels change first, then slices, then frames. Empty if they are
  /// frames only.
  ///
  /// ImageJ calls every plain stack `slices=N`, whatever it is. Slices of a file with one frame are
  /// therefore frames, unless the file states the distance between slices (`spacing=`) and no
  /// interval between frames (`finterval=` or `fps=`).
  ///
  /// - Parameters:
  ///   - pages: the number of pages in the file; the last frame may be incomplete.
  ///   - isWhole: whether the file has all its pages; otherwise it has the stated number of frames.
  func axes(pages: Int, isWhole: Bool) -> [AxisExtent] {
    func count(_ key: String) -> Int { fields[key].flatMap { Int($0) }.map { max(1, $0) } ?? 1 }
    func states(_ key: String) -> Bool {
      fields[key].flatMap { Double($0) }.map { $0 != 0 && $0.isFinite } ?? false
    }
    let channels = count("channels")
    var (slices, frames) = (count("slices"), count("frames"))
    if frames == 1, !states("spacing") || states("finterval") || states("fps") {
      (slices, frames) = (1, slices)
    }
    let (inner, overflow) = channels.multipliedReportingOverflow(by: slices)
    guard inner > 1, !overflow, inner < 1 << 31, pages > 0, frames < 1 << 31 else { return [] }
    let present = (pages - 1) / inner + 1
    return [
      AxisExtent(.time, isWhole ? present : max(present, frames)), AxisExtent(.slice, slices),
      AxisExtent(.channel, channels),
    ].filter { $0.count > 1 }
  }

  /// The straight line from stored numbers to values; nil if they are the same.
  ///
  /// ImageJ stores signed 16-bit images as unsigned numbers with such a line (`c0=-32768`, `c1=1`).
  var line: (zero: Double, slope: Double)? {
    guard let function = fields["cf"].flatMap({ Int($0) }), function == 0,
      let zero = fields["c0"].flatMap({ Double($0) }), zero.isFinite,
      let slope = fields["c1"].flatMap({ Double($0) }), slope.isFinite, slope != 0,
      zero != 0 || slope != 1
    else { return nil }
    return (zero, slope)
  }

  /// From the pixels per unit of the page; nil without a unit.
  func pixelSize(pixelsPerUnit: Double?) -> StatedPixelSize? {
    guard let pixelsPerUnit, pixelsPerUnit > 0, let unit = fields["unit"] else { return nil }
    return StatedPixelSize(1 / pixelsPerUnit, unit: unit)
  }
}
